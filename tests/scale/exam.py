"""An exam brought to where its final PDFs are to be made, and looks at what was made."""

import json
import re
from dataclasses import dataclass

import psycopg

from tests.flows.ways import QUESTIONS
from tests.scale.cluster import Cluster
from viatique.demo.exam import DemoExam, generate_exam
from viatique.demo.plan import NO_TRAPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An exam whose marks are complete.

    Attributes:
        finals: the final PDFs (copy, SHA-256, score) one process makes of it, undisturbed.
    """

    exam_id: str
    finals: list[tuple[object, ...]]


def make_exam(machines: Cluster, *, copies: int) -> DemoExam:
    """A made-up exam of whole copies."""
    return generate_exam(machines.folder / "exam", copies=copies, traps=NO_TRAPS, dpi=75)


def mark(machines: Cluster, exam: DemoExam) -> str:
    """Creates the exam, imports its scan and records marks for every copy; returns its id."""
    exam_id = machines.run("exam", "create", exam.exam_toml).strip()
    machines.run("import", exam_id, exam.scan_pdf, "--inline")
    marks = [
        {"copy": f"{exam_id}-{one.number:04}", "scores": QUESTIONS} for one in exam.plan.copies
    ]
    path = machines.folder / "marks.json"
    path.write_text(json.dumps(marks), "utf-8")
    machines.run("marks", exam_id, path, "--inline")
    return exam_id


def marked_exam(machines: Cluster, *, copies: int) -> Marked:
    """An exam with its marks; finalized in a copy of the database, in one process."""
    exam_id = mark(machines, make_exam(machines, copies=copies))
    other = re.sub(r"/viatique\?", "/undisturbed?", machines.dsn)
    with psycopg.connect(
        re.sub(r"/viatique\?", "/postgres?", machines.dsn), autocommit=True
    ) as connection:
        connection.execute("CREATE DATABASE undisturbed TEMPLATE viatique")
    machines.run("finalize", exam_id, "--inline", DATABASE_URL=other)
    return Marked(exam_id=exam_id, finals=finals(other, exam_id))


def finals(dsn: str, exam_id: str) -> list[tuple[object, ...]]:
    """The final PDFs of an exam: copy, SHA-256, score."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            """
            SELECT copy_id, final_pdf.sha256, final_pdf.score, copy.status::text
            FROM final_pdf JOIN copy USING (copy_id) WHERE exam_id = %s ORDER BY copy_id
            """,
            (exam_id,),
        ).fetchall()
