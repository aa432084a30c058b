"""Commands of coordinators: who marks what, which copy comes back, when results are released."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter
from rich.table import Table
from rich.text import Text

from viatique.cli import running
from viatique.cli.given import PERSON, Copy, Exam, Json, Switch, copy_id_of, exam_id_of, points_of
from viatique.cli.terminal import headings, print_json_line, results, say
from viatique.db.accounts import list_accounts
from viatique.db.dispatch import Mode
from viatique.db.pool import Database
from viatique.errors import NotFound
from viatique.lifecycle import ReopenReason
from viatique.run import new_run
from viatique.steps import agree
from viatique.steps.dispatch_copies import dispatch_copies
from viatique.steps.release_results import release_results
from viatique.steps.reopen import reopen_copy
from viatique.texts import CLI_LANGUAGE, text


def dispatch(
    exam: Exam,
    /,
    *,
    marker: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    by_question: Switch = False,
    double: Switch = False,
    tolerance: str = "0",
    rebalance: Switch = False,
) -> int:
    """Share the copies that are ready out to markers, evenly.

    Args:
        exam: Id of the exam.
        marker: logins; none = every account that is a marker.
        by_question: give the questions at the top of the scheme out separately.
        double: have each copy marked by two markers who do not see each other's marks.
        tolerance: points two readings of a question may differ by and still agree.
        rebalance: move copies that nobody touched until all have as much.
    """
    mode = Mode(
        is_by_question=by_question, readings=2 if double else 1, tolerance=points_of(tolerance)
    )
    with running.workbench() as bench:
        done = dispatch_copies(
            bench.database,
            new_run(PERSON),
            exam_id_of(exam),
            mode,
            markers=_accounts(bench.database, marker),
            is_rebalanced=rebalance,
        )
        _show_loads(bench.database, done.loads)
    say(text("dispatched", CLI_LANGUAGE, count=done.changed))
    return 0


def reopen(copy: Copy, /, *, reason: ReopenReason = ReopenReason.MISTAKE) -> int:
    """Take a finalized copy back to be marked again; its final PDF is kept as superseded."""
    with running.workbench() as bench:
        reopen_copy(bench.database, new_run(PERSON), copy_id_of(copy), reason)
    say(text("done", CLI_LANGUAGE))
    return 0


def disagreements(exam: Exam, /, *, json: Json = False) -> int:
    """Show the questions whose two readings are too far apart, for a coordinator to score."""
    with running.workbench() as bench:
        found = agree.disagreements(bench.database, exam_id_of(exam))
    if json:
        for one in found:
            points = [str(given) for given in one.points]
            print_json_line({"copy": one.copy_id, "question": one.question, "points": points})
        return 0
    if not found:
        say(text("nothing_to_do", CLI_LANGUAGE))
        return 0
    table = Table(*headings("copy", "question", "points"))
    for one in found:
        table.add_row(one.copy_id, Text(one.question), " / ".join(map(str, one.points)))
    results.print(table)
    return 0


def release(exam: Exam, /, *, withdraw: Switch = False) -> int:
    """Let the results of an exam leave: nothing of them leaves before.

    Args:
        exam: Id of the exam.
        withdraw: keep them back again.
    """
    with running.workbench() as bench:
        is_new = release_results(
            bench.database, new_run(PERSON), exam_id_of(exam), is_released=not withdraw
        )
    say(text("done" if is_new else "nothing_to_do", CLI_LANGUAGE))
    return 0


def register(app: App, exam_app: App) -> None:
    """Adds these commands."""
    app.command(dispatch)
    app.command(reopen)
    app.command(disagreements)
    exam_app.command(release)


def _accounts(database: Database, logins: Sequence[str]) -> list[str]:
    with database.transaction() as connection:
        known = {account.login: account.account_id for account in list_accounts(connection)}
    wanted = [login.strip().lower() for login in logins]
    if any(login not in known for login in wanted):
        raise NotFound("There is no such account.", next_step="viatique account list")
    return [known[login] for login in wanted]


def _show_loads(database: Database, loads: dict[str, int]) -> None:
    with database.transaction() as connection:
        logins = {account.account_id: account.login for account in list_accounts(connection)}
    table = Table(text("marker", CLI_LANGUAGE), text("count", CLI_LANGUAGE))
    for account_id, load in sorted(loads.items()):
        table.add_row(Text(logins.get(account_id, account_id)), str(load))
    results.print(table)
