"""Annotations made, changed and deleted; see ``viatique.db.marking``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.locks import Hold
from viatique.db.marking import version_or_conflict
from viatique.db.pool import Connection
from viatique.lifecycle import LockConflict
from viatique.models import Annotation, AnnotationKind, CopyId, Rect
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnnotation:
    annotation_id: int
    annotation: Annotation
    version: int


def insert_annotation(
    connection: Connection, hold: Hold, annotation: Annotation, *, run: Run
) -> int | LockConflict:
    """Adds an annotation of version 1 with a CREATE_ANN event; returns its id."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), made AS (
            INSERT INTO annotation (copy_id, page, x0, y0, x1, y1, kind, text, points, strokes,
                marker)
            SELECT %(copy)s, %(page)s, %(x0)s, %(y0)s, %(x1)s, %(y1)s, %(kind)s, %(text)s,
                %(points)s::numeric, %(strokes)s, %(actor)s
            FROM guard WHERE conflict IS NULL
            RETURNING annotation_id, copy_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'CREATE_ANN', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('annotation', annotation_id, 'page', %(page)s::int,
                    'kind', %(kind)s::text)
            FROM made JOIN copy USING (copy_id)
        )
        SELECT conflict, annotation_id AS version FROM guard LEFT JOIN made ON true
        """,
        _arguments(hold, run) | _values(annotation),
    ).fetchone()
    return version_or_conflict(row or {})


def update_annotation(
    connection: Connection, hold: Hold, changed: StoredAnnotation, *, run: Run
) -> int | LockConflict:
    """Changes the annotation if ``changed.version`` is the stored one; returns the new version."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), put AS (
            UPDATE annotation SET page = %(page)s, x0 = %(x0)s, y0 = %(y0)s, x1 = %(x1)s,
                y1 = %(y1)s, kind = %(kind)s, text = %(text)s, points = %(points)s::numeric,
                strokes = %(strokes)s, marker = %(actor)s, version = version + 1,
                updated_at = now()
            FROM guard
            WHERE conflict IS NULL AND copy_id = %(copy)s AND annotation_id = %(annotation)s
                AND version = %(version)s
            RETURNING copy_id, version
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'UPDATE_ANN', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('annotation', %(annotation)s::bigint, 'version', version)
            FROM put JOIN copy USING (copy_id)
        )
        SELECT conflict, version FROM guard LEFT JOIN put ON true
        """,
        _arguments(hold, run)
        | _values(changed.annotation)
        | {"annotation": changed.annotation_id, "version": changed.version},
    ).fetchone()
    return version_or_conflict(row or {})


def delete_annotation(
    connection: Connection, hold: Hold, annotation_id: int, *, version: int, run: Run
) -> int | LockConflict:
    """Deletes the annotation if ``version`` is the stored one, which it returns."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), gone AS (
            DELETE FROM annotation USING guard
            WHERE conflict IS NULL AND copy_id = %(copy)s AND annotation_id = %(annotation)s
                AND version = %(version)s
            RETURNING copy_id, version
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'DELETE_ANN', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('annotation', %(annotation)s::bigint)
            FROM gone JOIN copy USING (copy_id)
        )
        SELECT conflict, version FROM guard LEFT JOIN gone ON true
        """,
        _arguments(hold, run) | {"annotation": annotation_id, "version": version},
    ).fetchone()
    return version_or_conflict(row or {})


def list_stored(
    connection: Connection, copy_id: CopyId, *, by: str | None = None
) -> tuple[StoredAnnotation, ...]:
    """The copy's annotations, oldest first; of one account only, when one is given."""
    rows = connection.execute(
        """
        SELECT annotation_id, page, x0, y0, x1, y1, kind, text, points, strokes, version
        FROM annotation
        WHERE copy_id = %(copy)s AND (%(by)s::text IS NULL OR marker = %(by)s)
        ORDER BY annotation_id
        """,
        {"copy": copy_id, "by": by},
    ).fetchall()
    return tuple(_stored(row) for row in rows)


def find_stored(
    connection: Connection, copy_id: CopyId, annotation_id: int, *, by: str | None = None
) -> StoredAnnotation | None:
    """One annotation of the copy, if it is the account's when one is given."""
    row = connection.execute(
        """
        SELECT annotation_id, page, x0, y0, x1, y1, kind, text, points, strokes, version
        FROM annotation
        WHERE copy_id = %(copy)s AND annotation_id = %(annotation)s
            AND (%(by)s::text IS NULL OR marker = %(by)s)
        """,
        {"copy": copy_id, "annotation": annotation_id, "by": by},
    ).fetchone()
    return _stored(row) if row else None


def _arguments(hold: Hold, run: Run) -> dict[str, object]:
    return {
        "copy": hold.copy_id,
        "token": hold.token,
        "actor": run.actor,
        "correlation": run.correlation_id,
    }


def _values(annotation: Annotation) -> dict[str, object]:
    return {
        "page": annotation.page,
        "x0": annotation.rect.x0,
        "y0": annotation.rect.y0,
        "x1": annotation.rect.x1,
        "y1": annotation.rect.y1,
        "kind": annotation.kind,
        "text": annotation.text,
        "points": annotation.points,
        "strokes": Jsonb(annotation.strokes, dumps=json.dumps),
    }


def _stored(row: Mapping[str, Any]) -> StoredAnnotation:
    annotation = Annotation(
        page=row["page"],
        rect=Rect(x0=row["x0"], y0=row["y0"], x1=row["x1"], y1=row["y1"]),
        kind=AnnotationKind(row["kind"]),
        text=row["text"],
        points=row["points"],
        strokes=tuple(tuple((x, y) for x, y in stroke) for stroke in row["strokes"]),
    )
    return StoredAnnotation(
        annotation_id=row["annotation_id"], annotation=annotation, version=row["version"]
    )
