"""What each marker of an exam gave, in figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from viatique.db.pool import Connection
from viatique.models import ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerFigures:
    """How an account marked.

    Attributes:
        copies: copies it gave points on.
        success: points it gave, divided by those it could have given, 0 to 1.
    """

    account_id: str
    copies: int
    success: float


def list_marker_figures(
    connection: Connection, exam_id: ExamId, maximum: Mapping[str, Decimal]
) -> tuple[MarkerFigures, ...]:
    """Every account that gave points, also blindly, most copies first; ``maximum``: by question."""
    rows = connection.execute(
        """
        SELECT account_id, count(DISTINCT copy_id) AS copies,
            (sum(points) / sum(maximum))::double precision AS success
        FROM (
            SELECT copy_id, marker AS account_id, question, points
            FROM copy JOIN mark USING (copy_id)
            WHERE exam_id = %(exam)s AND NOT EXISTS (
                SELECT FROM blind_mark
                WHERE blind_mark.copy_id = mark.copy_id AND blind_mark.question = mark.question
            )
            UNION ALL SELECT copy_id, account_id, question, points
            FROM copy JOIN blind_mark USING (copy_id) WHERE exam_id = %(exam)s
        ) AS given JOIN unnest(%(questions)s::text[], %(maxima)s::numeric[])
                AS leaf (question, maximum) USING (question)
        WHERE points IS NOT NULL
        GROUP BY account_id ORDER BY copies DESC, account_id
        """,
        {"exam": exam_id, "questions": list(maximum), "maxima": list(maximum.values())},
    ).fetchall()
    return tuple(MarkerFigures(**row) for row in rows)
