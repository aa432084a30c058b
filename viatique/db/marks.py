"""Scores, remarks, appreciations and annotations: each accepted change leaves one audit event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.audit import insert_event
from viatique.db.pool import Connection
from viatique.lifecycle import Action
from viatique.models import Annotation, AnnotationKind, CopyId, ExamId, Rect
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    points: Decimal | None
    remark: str


def list_marks(connection: Connection, exam_id: ExamId) -> dict[CopyId, dict[str, Mark]]:
    """What is stored for each copy of the exam, by question."""
    marks: dict[CopyId, dict[str, Mark]] = {}
    rows = connection.execute(
        """
        SELECT copy_id, question, points, remark FROM mark JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s
        """,
        {"exam": exam_id},
    )
    for row in rows:
        mark = Mark(points=row["points"], remark=row["remark"])
        marks.setdefault(CopyId(row["copy_id"]), {})[row["question"]] = mark
    return marks


def list_marks_of_copy(connection: Connection, copy_id: CopyId) -> dict[str, Mark]:
    """What is stored for one copy, by question."""
    rows = connection.execute(
        "SELECT question, points, remark FROM mark WHERE copy_id = %(copy)s", {"copy": copy_id}
    ).fetchall()
    return {row["question"]: Mark(points=row["points"], remark=row["remark"]) for row in rows}


def put_mark(
    connection: Connection,
    *,
    exam_id: ExamId,
    copy_id: CopyId,
    question: str,
    mark: Mark,
    run: Run,
) -> bool:
    """Stores a score and remark with a SCORE event; False when nothing changed."""
    row = connection.execute(
        """
        WITH put AS (
            INSERT INTO mark (copy_id, question, points, remark, marker)
            VALUES (%(copy)s, %(question)s, %(points)s, %(remark)s, %(actor)s)
            ON CONFLICT ON CONSTRAINT mark_pk DO UPDATE SET
                points = EXCLUDED.points, remark = EXCLUDED.remark, marker = EXCLUDED.marker,
                version = mark.version + 1, updated_at = now()
            WHERE (mark.points, mark.remark) IS DISTINCT FROM (EXCLUDED.points, EXCLUDED.remark)
            RETURNING copy_id, version
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'SCORE', %(exam)s, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('question', %(question)s::text, 'points', %(points)s::text,
                    'version', version)
            FROM put
        )
        SELECT version FROM put
        """,
        {
            "exam": exam_id,
            "copy": copy_id,
            "question": question,
            "points": mark.points,
            "remark": mark.remark,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return row is not None


def put_appreciation(
    connection: Connection, *, exam_id: ExamId, copy_id: CopyId, text: str, run: Run
) -> bool:
    """Stores the overall remark with a SCORE event; False when nothing changed."""
    row = connection.execute(
        """
        UPDATE copy SET appreciation = %(text)s, appreciation_version = appreciation_version + 1,
            updated_at = now()
        WHERE copy_id = %(copy)s AND appreciation <> %(text)s RETURNING copy_id
        """,
        {"copy": copy_id, "text": text},
    ).fetchone()
    if row is not None:
        insert_event(
            connection,
            action=Action.SCORE,
            exam_id=exam_id,
            copy_id=copy_id,
            run=run,
            details={"appreciation": True},
        )
    return row is not None


def list_annotations(connection: Connection, copy_id: CopyId) -> dict[int, Annotation]:
    """The copy's annotations by id, oldest first."""
    rows = connection.execute(
        """
        SELECT annotation_id, page, x0, y0, x1, y1, kind, text, points, strokes
        FROM annotation WHERE copy_id = %(copy)s ORDER BY annotation_id
        """,
        {"copy": copy_id},
    ).fetchall()
    return {row["annotation_id"]: _annotation(row) for row in rows}


def insert_annotation(
    connection: Connection, *, exam_id: ExamId, copy_id: CopyId, annotation: Annotation, run: Run
) -> None:
    connection.execute(
        """
        WITH made AS (
            INSERT INTO annotation (copy_id, page, x0, y0, x1, y1, kind, text, points, strokes,
                marker)
            VALUES (%(copy)s, %(page)s, %(x0)s, %(y0)s, %(x1)s, %(y1)s, %(kind)s, %(text)s,
                %(points)s, %(strokes)s, %(actor)s)
            RETURNING annotation_id, copy_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT 'CREATE_ANN', %(exam)s, copy_id, %(actor)s, %(correlation)s,
            jsonb_build_object('annotation', annotation_id, 'page', %(page)s::int,
                'kind', %(kind)s::text)
        FROM made
        """,
        {
            "exam": exam_id,
            "copy": copy_id,
            "page": annotation.page,
            "x0": annotation.rect.x0,
            "y0": annotation.rect.y0,
            "x1": annotation.rect.x1,
            "y1": annotation.rect.y1,
            "kind": annotation.kind,
            "text": annotation.text,
            "points": annotation.points,
            "strokes": Jsonb(annotation.strokes, dumps=json.dumps),
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    )


def delete_annotation(
    connection: Connection, *, exam_id: ExamId, annotation_id: int, run: Run
) -> None:
    connection.execute(
        """
        WITH gone AS (
            DELETE FROM annotation WHERE annotation_id = %(annotation)s
            RETURNING annotation_id, copy_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT 'DELETE_ANN', %(exam)s, copy_id, %(actor)s, %(correlation)s,
            jsonb_build_object('annotation', annotation_id)
        FROM gone
        """,
        {
            "exam": exam_id,
            "annotation": annotation_id,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    )


def lock_copies(connection: Connection, copy_ids: list[CopyId]) -> None:
    """Keeps the copies' statuses as they are until the commit, in one order for everybody."""
    connection.execute(
        "SELECT copy_id FROM copy WHERE copy_id = ANY(%(copies)s) ORDER BY copy_id FOR UPDATE",
        {"copies": copy_ids},
    )


def _annotation(row: Mapping[str, Any]) -> Annotation:
    return Annotation(
        page=row["page"],
        rect=Rect(x0=row["x0"], y0=row["y0"], x1=row["x1"], y1=row["y1"]),
        kind=AnnotationKind(row["kind"]),
        text=row["text"],
        points=row["points"],
        strokes=tuple(tuple((x, y) for x, y in stroke) for stroke in row["strokes"]),
    )
