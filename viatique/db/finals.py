"""Final PDFs: one counts for each copy; those before it are kept and marked."""

from dataclasses import dataclass
from decimal import Decimal

from viatique.db.pool import Connection
from viatique.models import CopyId, Sha256
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalPdf:
    """The final PDF that counts."""

    sha256: Sha256
    byte_size: int
    score: Decimal


def insert_final_pdf(
    connection: Connection,
    copy_id: CopyId,
    *,
    sha256: Sha256,
    byte_size: int,
    score: Decimal,
    run: Run,
) -> None:
    """Stores the copy's final PDF in place of an older one, which is kept and marked."""
    arguments = {
        "copy": copy_id,
        "sha256": sha256,
        "size": byte_size,
        "score": score,
        "correlation": run.correlation_id,
    }
    supersede_final_pdf(connection, copy_id)
    connection.execute(
        """
        INSERT INTO final_pdf (copy_id, sha256, byte_size, score, correlation_id)
        VALUES (%(copy)s, %(sha256)s, %(size)s, %(score)s, %(correlation)s)
        """,
        arguments,
    )


def supersede_final_pdf(connection: Connection, copy_id: CopyId) -> Sha256 | None:
    """Lets the copy's final PDF count no more; it is kept. Returns which it was."""
    row = connection.execute(
        """
        UPDATE final_pdf SET superseded_at = now()
        WHERE copy_id = %(copy)s AND superseded_at IS NULL RETURNING sha256
        """,
        {"copy": copy_id},
    ).fetchone()
    return Sha256(row["sha256"]) if row else None


def forget_attempts(connection: Connection, copy_id: CopyId) -> None:
    """A copy that was reopened is finalized as for the first time."""
    connection.execute(
        "UPDATE copy SET finalize_attempts = 0 WHERE copy_id = %(copy)s", {"copy": copy_id}
    )


def find_final_pdf(connection: Connection, copy_id: CopyId) -> FinalPdf | None:
    """The final PDF of a copy, if it has one that counts."""
    row = connection.execute(
        """
        SELECT sha256, byte_size, score FROM final_pdf
        WHERE copy_id = %(copy)s AND superseded_at IS NULL
        """,
        {"copy": copy_id},
    ).fetchone()
    return FinalPdf(**row) if row else None
