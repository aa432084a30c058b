"""Exams and their rosters. ``student`` is the one table that holds people's names."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.audit import insert_event
from viatique.db.pool import Connection
from viatique.errors import NotFound
from viatique.exam_file import ExamFile
from viatique.lifecycle import Action
from viatique.marking.scoring import Question, Scheme
from viatique.models import (
    ExamId,
    FieldName,
    HeaderForm,
    HeaderSpec,
    Language,
    Layout,
    Rect,
    Segmentation,
    Student,
    StudentId,
)
from viatique.run import Run

ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that reads as a digit, so an id survives being copied by hand."""
ID_LENGTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """An exam as stored; ``released_at``: since when its results may leave."""

    exam_id: ExamId
    name: str
    exam_date: date | None
    layout: Layout
    pages_per_copy: int
    segmentation: Segmentation
    language: Language
    header: HeaderSpec
    scheme: Scheme
    created_at: datetime
    released_at: datetime | None


def new_exam_id() -> ExamId:
    """A short id that is easy to type: E and five characters, about 33 million of them."""
    return ExamId("E" + "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH)))


def insert_exam(
    connection: Connection, exam: ExamFile, students: Sequence[Student], *, run: Run
) -> ExamId:
    """Adds an exam under a new id, and its roster, with a CREATE_EXAM event."""
    exam_id = new_exam_id()
    while not _is_inserted(connection, exam_id, exam):
        exam_id = new_exam_id()
    put_students(connection, exam_id, students)
    insert_event(
        connection,
        action=Action.CREATE_EXAM,
        exam_id=exam_id,
        copy_id=None,
        run=run,
        details={"students": len(students)},
    )
    return exam_id


def _is_inserted(connection: Connection, exam_id: ExamId, exam: ExamFile) -> bool:
    """False when another exam has the id: among 9,000 exams that happens more often than not."""
    done = connection.execute(
        """
        INSERT INTO exam (exam_id, name, exam_date, layout, pages_per_copy, segmentation, language,
            header, scheme)
        VALUES (%(exam)s, %(name)s, %(date)s, %(layout)s, %(pages)s, %(segmentation)s, %(language)s,
            %(header)s, %(scheme)s)
        ON CONFLICT (exam_id) DO NOTHING
        """,
        {
            "exam": exam_id,
            "name": exam.name,
            "date": exam.exam_date,
            "layout": exam.layout,
            "pages": exam.pages_per_copy,
            "segmentation": exam.segmentation,
            "language": exam.language,
            "header": Jsonb(_header_to_json(exam.header)),
            "scheme": Jsonb(_scheme_to_json(exam.scheme)),
        },
    )
    return done.rowcount > 0


def put_students(connection: Connection, exam_id: ExamId, students: Sequence[Student]) -> None:
    """Adds people to the roster; those who are on it get this line instead of theirs."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO student (exam_id, student_id, last_name, first_name, birth_date, group_name,
                email, student_number)
            VALUES (%(exam)s, %(student)s, %(last)s, %(first)s, %(birth)s, %(group)s, %(email)s,
                %(number)s)
            ON CONFLICT ON CONSTRAINT student_pk DO UPDATE SET
                last_name = EXCLUDED.last_name, first_name = EXCLUDED.first_name,
                birth_date = EXCLUDED.birth_date, group_name = EXCLUDED.group_name,
                email = EXCLUDED.email, student_number = EXCLUDED.student_number
            """,
            [
                {
                    "exam": exam_id,
                    "student": student.student_id,
                    "last": student.last_name,
                    "first": student.first_name,
                    "birth": student.birth_date,
                    "group": student.group,
                    "email": student.email,
                    "number": student.student_number,
                }
                for student in students
            ],
        )


def find_exam(connection: Connection, exam_id: ExamId) -> Exam:
    """The exam.

    Raises:
        NotFound: there is no exam with this id.
    """
    row = connection.execute(
        """
        SELECT exam_id, name, exam_date, layout, pages_per_copy, segmentation, language, header,
            scheme, created_at, released_at
        FROM exam WHERE exam_id = %(exam)s
        """,
        {"exam": exam_id},
    ).fetchone()
    if row is None:
        raise NotFound(
            f"There is no exam {exam_id[:20]!r}.", next_step="`viatique exam list` shows them."
        )
    return _exam(row)


def list_exams(
    connection: Connection, *, after: ExamId | None = None, limit: int | None = None
) -> tuple[Exam, ...]:
    """Exams, newest first, from the one after ``after`` on; by default all of them."""
    rows = connection.execute(
        """
        SELECT exam_id, name, exam_date, layout, pages_per_copy, segmentation, language, header,
            scheme, created_at, released_at
        FROM exam
        WHERE %(after)s::text IS NULL OR (created_at, exam_id) < (
            SELECT created_at, exam_id FROM exam WHERE exam_id = %(after)s
        )
        ORDER BY created_at DESC, exam_id DESC LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    ).fetchall()
    return tuple(_exam(row) for row in rows)


def list_students(connection: Connection, exam_id: ExamId) -> tuple[Student, ...]:
    """The roster, by student id."""
    rows = connection.execute(
        """
        SELECT student_id, last_name, first_name, birth_date, group_name, email, student_number
        FROM student WHERE exam_id = %(exam)s ORDER BY student_id
        """,
        {"exam": exam_id},
    ).fetchall()
    return tuple(
        Student(
            student_id=StudentId(row["student_id"]),
            last_name=row["last_name"],
            first_name=row["first_name"],
            birth_date=row["birth_date"],
            group=row["group_name"],
            email=row["email"],
            student_number=row["student_number"],
        )
        for row in rows
    )


def mark_released(connection: Connection, exam_id: ExamId, *, is_released: bool, run: Run) -> bool:
    """Lets the exam's results leave, or keeps them back, with a RELEASE event that counts them.

    Returns:
        False when that was so already; then there is no event.
    """
    row = connection.execute(
        """
        WITH put AS (
            UPDATE exam SET released_at = CASE WHEN %(released)s THEN now() END
            WHERE exam_id = %(exam)s AND (released_at IS NOT NULL) <> %(released)s
            RETURNING exam_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, actor, correlation_id, details)
            SELECT 'RELEASE', exam_id, %(actor)s, %(correlation)s,
                jsonb_build_object('released', %(released)s::boolean, 'copies', (
                    SELECT count(*) FROM copy WHERE copy.exam_id = put.exam_id
                ), 'graded', (
                    SELECT count(*) FROM copy
                    WHERE copy.exam_id = put.exam_id AND status = 'GRADED'
                ))
            FROM put
        )
        SELECT exam_id FROM put
        """,
        {
            "exam": exam_id,
            "released": is_released,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return row is not None


def count_students(connection: Connection, exam_id: ExamId) -> int:
    """How many students are on the roster."""
    row = connection.execute(
        "SELECT count(*) AS n FROM student WHERE exam_id = %(exam)s", {"exam": exam_id}
    ).fetchone()
    return row["n"] if row else 0


def allocate_copy_numbers(connection: Connection, exam_id: ExamId, count: int) -> range:
    """The next numbers of the exam's copies, 1-based; locks the exam until the commit."""
    row = connection.execute(
        """
        UPDATE exam SET last_copy_number = last_copy_number + %(count)s
        WHERE exam_id = %(exam)s RETURNING last_copy_number
        """,
        {"exam": exam_id, "count": count},
    ).fetchone()
    last = row["last_copy_number"] if row else 0
    return range(last - count + 1, last + 1)


def _exam(row: Mapping[str, Any]) -> Exam:
    return Exam(
        exam_id=ExamId(row["exam_id"]),
        name=row["name"],
        exam_date=row["exam_date"],
        layout=Layout(row["layout"]),
        pages_per_copy=row["pages_per_copy"],
        segmentation=Segmentation(row["segmentation"]),
        language=Language(row["language"]),
        header=_header_from_json(row["header"]),
        scheme=_scheme_from_json(row["scheme"]),
        created_at=row["created_at"],
        released_at=row["released_at"],
    )


def _header_to_json(header: HeaderSpec) -> dict[str, Any]:
    return {
        "form": header.form,
        "fields": list(header.fields),
        "zones": [[name, [zone.x0, zone.y0, zone.x1, zone.y1]] for name, zone in header.zones],
    }


def _header_from_json(data: Mapping[str, Any]) -> HeaderSpec:
    return HeaderSpec(
        form=HeaderForm(data["form"]),
        fields=tuple(FieldName(name) for name in data["fields"]),
        zones=tuple(
            (FieldName(name), Rect(x0=x0, y0=y0, x1=x1, y1=y1))
            for name, (x0, y0, x1, y1) in data["zones"]
        ),
    )


def _scheme_to_json(scheme: Scheme) -> dict[str, Any]:
    return {
        "total": str(scheme.total),
        "step": str(scheme.step),
        "questions": [_question_to_json(question) for question in scheme.questions],
    }


def _scheme_from_json(data: Mapping[str, Any]) -> Scheme:
    return Scheme(
        total=Decimal(data["total"]),
        step=Decimal(data["step"]),
        questions=tuple(_question_from_json(item) for item in data["questions"]),
    )


def _question_to_json(question: Question) -> dict[str, Any]:
    return {
        "id": question.question_id,
        "label": question.label,
        "points": None if question.points is None else str(question.points),
        "questions": [_question_to_json(child) for child in question.questions],
    }


def _question_from_json(data: Mapping[str, Any]) -> Question:
    return Question(
        question_id=data["id"],
        label=data["label"],
        points=None if data["points"] is None else Decimal(data["points"]),
        questions=tuple(_question_from_json(child) for child in data["questions"]),
    )
