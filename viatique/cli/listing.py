"""Commands that only read: copies, exams, audit events; tables for people, lines for programs."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from viatique.cli.terminal import headings, print_json_line, results, say
from viatique.db import copies, identities, sources
from viatique.db.accounts import list_accounts
from viatique.db.exams import find_exam, list_exams
from viatique.db.identities import Evidence
from viatique.db.pool import Database
from viatique.files import Kind
from viatique.marking.results import Figures, Result, ResultState, figures
from viatique.marking.scoring import Scheme
from viatique.models import ExamId
from viatique.steps.check_exam import Check
from viatique.texts import CLI_LANGUAGE, reason_text, text
from viatique.workbench import Workbench


def list_copies_of_exam(bench: Workbench, exam_id: ExamId, *, is_json: bool) -> None:
    """The copies of an exam; with ``is_json`` in the form other programs rely on."""
    rows = copy_rows(bench, exam_id)
    if is_json:
        for row in rows:
            print_json_line(row)
        return
    if not rows:
        say(text("no_copies", CLI_LANGUAGE, exam=exam_id))
        return
    table = Table(
        *headings("copy", "pages", "status", "identity", "student", "confidence", "score")
    )
    for row in rows:
        confidence = row["confidence"]
        table.add_row(
            str(row["copy"]),
            f"{row['first_page']}-{row['last_page']}",
            str(row["status"]),
            str(row["identity"]),
            str(row["student"] or ""),
            f"{confidence:.4f}" if isinstance(confidence, float) else "",
            str(row["score"] or ""),
        )
    results.print(table)


def copy_rows(bench: Workbench, exam_id: ExamId) -> list[dict[str, object]]:
    """One object a copy, ids only; ``first_page`` and ``last_page`` are 1-based scan pages."""
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
        stored = copies.list_copies(connection, exam_id)
        evidence = identities.list_evidence(connection, exam_id)
        finals = copies.list_final_pdfs(connection, exam_id)
        defects = copies.list_page_defects(connection, exam_id)
        scans = {item.source_id: item for item in sources.list_sources(connection, exam_id)}
    return [
        {
            "copy": copy.copy_id,
            "source": scans[copy.source_id].file_name,
            "source_sha256": scans[copy.source_id].sha256,
            "first_page": copy.first_page,
            "last_page": copy.last_page,
            "pages": copy.page_count,
            "status": copy.status,
            "problem": copy.problem,
            "missing_pages": list(copy.missing_pages),
            "page_defects": defects.get(copy.copy_id, {}),
            "identity": copy.identity,
            "student": copy.student_id,
            "confidence": copy.confidence,
            "reasons": list(evidence.get(copy.copy_id, Evidence()).reasons),
            "candidates": [
                {
                    "student": candidate.student_id,
                    "probability": candidate.probability,
                    "reasons": list(candidate.reasons),
                }
                for candidate in evidence.get(copy.copy_id, Evidence()).candidates
            ],
            "score": str(finals[copy.copy_id][1]) if copy.copy_id in finals else None,
            "final_pdf": (
                bench.store.path(finals[copy.copy_id][0], Kind.FINAL)
                if copy.copy_id in finals
                else None
            ),
            "error": copy.error_code,
        }
        for copy in stored
    ]


def show_exams(database: Database, *, is_json: bool) -> None:
    """All exams, newest first."""
    with database.transaction() as connection:
        exams = list_exams(connection)
    if is_json:
        for exam in exams:
            date = str(exam.exam_date) if exam.exam_date else None
            print_json_line({"exam": exam.exam_id, "name": exam.name, "date": date})
        return
    if not exams:
        say(text("no_exams", CLI_LANGUAGE))
        return
    table = Table(*headings("exam", "name", "date", "created"))
    for exam in exams:
        table.add_row(
            exam.exam_id, exam.name, str(exam.exam_date or ""), f"{exam.created_at:%Y-%m-%d %H:%M}"
        )
    results.print(table)


def show_results(found: Sequence[Result], scheme: Scheme) -> None:
    """The figures of an exam, and how many lines have no mark."""
    seen = figures(found, scheme)
    if seen:
        _show_figures(seen, float(scheme.total))
    for key, state in (
        ("not_graded", ResultState.NOT_GRADED),
        ("no_student", ResultState.NO_STUDENT),
        ("absent", ResultState.ABSENT),
    ):
        count = sum(one.state is state for one in found)
        if count:
            results.print(f"{count} {text(key, CLI_LANGUAGE)}")


def _show_figures(seen: Figures, total: float) -> None:
    low, median, high = seen.quartiles
    results.print(
        f"{seen.count} {text('graded_copies', CLI_LANGUAGE)} · "
        f"{text('mean', CLI_LANGUAGE)} {seen.mean:.2f} · "
        f"{text('deviation', CLI_LANGUAGE)} {seen.deviation:.2f} · "
        f"{text('quartiles', CLI_LANGUAGE)} {low:.2f} {median:.2f} {high:.2f}"
    )
    for place, count in enumerate(seen.bins):
        start, end = (total * (place + step) / len(seen.bins) for step in (0, 1))
        bar = "█" * round(30 * count / max(seen.bins))
        results.print(f"{start:5.1f} – {end:5.1f} {count:4} {bar}")
    table = Table(*(text(key, CLI_LANGUAGE) for key in ("question", "success", "discrimination")))
    for question in seen.questions:
        value = question.discrimination
        table.add_row(
            question.question, f"{question.success:.0%}", "–" if value is None else f"{value:.2f}"
        )
    results.print(table)


def show_check(found: Check) -> None:
    """What an import would find, and what was read in the first headers."""
    say = {"copies": found.copies, "pages": found.pages, "incomplete": found.incomplete}
    results.print(text("check_found", CLI_LANGUAGE, **say))
    fields = [field.name for field in found.first[0].reading.fields] if found.first else []
    table = Table(*headings("pages"), *(text(field, CLI_LANGUAGE) for field in fields), "")
    for copy in found.first:
        cells = [Text(field.text or f"({field.state})") for field in copy.reading.fields]
        cells += [Text("–")] * (len(fields) - len(cells))
        problem = reason_text(copy.problem, CLI_LANGUAGE) if copy.problem else ""
        table.add_row(f"{copy.first_page}-{copy.last_page}", *cells, problem)
    results.print(table)
    results.print(text("check_picture", CLI_LANGUAGE, path=found.picture), soft_wrap=True)


def show_accounts(database: Database, *, is_json: bool) -> None:
    """All accounts, by login."""
    with database.transaction() as connection:
        found = list_accounts(connection)
    if is_json:
        for account in found:
            print_json_line(
                {
                    "account": account.account_id,
                    "login": account.login,
                    "role": account.role,
                    "disabled": account.is_disabled,
                }
            )
        return
    table = Table(*headings("account", "login", "role", "state"))
    for account in found:
        state = text("disabled", CLI_LANGUAGE) if account.is_disabled else ""
        table.add_row(account.account_id, Text(account.login), account.role, state)
    results.print(table)
