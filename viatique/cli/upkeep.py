"""``viatique maintain``: chores that keep the house in order."""

from typing import Annotated

from cyclopts import App, Parameter
from rich.table import Table

from viatique.cli import running
from viatique.cli.given import Inline, Switch
from viatique.cli.terminal import headings, results
from viatique.steps.maintain import Chore


def register(app: App) -> None:
    """Adds the command."""
    app.command(maintain)


def maintain(
    *,
    only: Annotated[tuple[Chore, ...], Parameter(negative="", show_default=False)] = (),
    whole: Switch = False,
    inline: Inline = False,
) -> int:
    """Seal the trail, erase what is too old, remove orphans, read stored files, and so on.

    Args:
        only: These chores; all of them by default.
        whole: Read every stored file, not tonight's part of them.
        inline: Run without Prefect.
    """
    chores = only or tuple(Chore)
    with running.workbench() as bench:
        found = running.run_maintenance(bench, chores, is_inline=inline, is_whole=whole)
    table = Table(*headings("chore", "done", "problems"))
    for outcome in found:
        table.add_row(outcome.chore, str(outcome.done), str(outcome.problems or ""))
    results.print(table)
    return 1 if any(outcome.problems for outcome in found) else 0
