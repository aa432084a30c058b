"""The audit trail is checked against the tables and its own guards."""

from viatique.audit import Finding, check_history
from viatique.db.audit import count_events, list_disabled_guards, list_histories
from viatique.db.copies import list_copies
from viatique.db.exams import list_exams
from viatique.db.pool import Connection, Database
from viatique.models import ExamId


def verify_audit(database: Database) -> tuple[int, tuple[Finding, ...]]:
    """How many events there are, and everything that is wrong with them."""
    with database.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        findings = [
            Finding(copy_id=None, event_id=None, message=f"the guard {guard} is off")
            for guard in list_disabled_guards(connection)
        ]
        for exam in list_exams(connection):
            findings.extend(_exam_findings(connection, exam.exam_id))
        return count_events(connection), tuple(findings)


def _exam_findings(connection: Connection, exam_id: ExamId) -> list[Finding]:
    histories = list_histories(connection, exam_id)
    copies = {copy.copy_id: copy for copy in list_copies(connection, exam_id)}
    findings = [
        Finding(copy_id=copy_id, event_id=None, message="its events tell of a copy that is gone")
        for copy_id in histories.keys() - copies.keys()
    ]
    for copy_id, copy in copies.items():
        findings.extend(
            check_history(
                copy_id,
                histories.get(copy_id, []),
                status=copy.status,
                identity=copy.identity,
                student_id=copy.student_id,
            )
        )
    return findings
