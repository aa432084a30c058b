"""Seals of the audit trail as stored, and the rows they are made of.

A range ends below the oldest transaction that still runs: whatever commits later has a higher tick,
so that nothing is missed, however out of order it commits.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import sql

from viatique.db.pool import Connection
from viatique.seals import Seal

LOCK_KEY = 0x7365_616C
"""Advisory lock of sealing ("seal"): one at a time, so that seals follow each other."""
LOWEST = -(2**63)


def lock_sealing(connection: Connection) -> None:
    """Makes sealing take turns until the commit."""
    connection.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": LOCK_KEY})


def list_seals(connection: Connection) -> tuple[Seal, ...]:
    """All seals, oldest first."""
    rows = connection.execute(
        """
        SELECT seal_id, from_tick, to_tick, event_count, root, previous, sealed_at, public_key,
            signature
        FROM audit_seal ORDER BY seal_id
        """
    ).fetchall()
    return tuple(_seal(row) for row in rows)


def find_last_seal(connection: Connection) -> Seal | None:
    """The newest seal."""
    row = connection.execute(
        """
        SELECT seal_id, from_tick, to_tick, event_count, root, previous, sealed_at, public_key,
            signature
        FROM audit_seal ORDER BY seal_id DESC LIMIT 1
        """
    ).fetchone()
    return _seal(row) if row else None


def find_entries(connection: Connection, seal_id: int) -> bytes:
    """The leaves of a seal, as they were when it was made."""
    row = connection.execute(
        "SELECT entries FROM audit_seal WHERE seal_id = %(seal)s", {"seal": seal_id}
    ).fetchone()
    return bytes(row["entries"]) if row else b""


def insert_seal(connection: Connection, seal: Seal, entries: bytes) -> None:
    connection.execute(
        """
        INSERT INTO audit_seal (seal_id, from_tick, to_tick, event_count, root, previous, sealed_at,
            public_key, signature, entries)
        VALUES (%(seal)s, %(from)s, %(to)s, %(count)s, %(root)s, %(previous)s, %(at)s, %(key)s,
            %(signature)s, %(entries)s)
        """,
        {
            "seal": seal.seal_id,
            "from": seal.from_tick,
            "to": seal.to_tick,
            "count": seal.event_count,
            "root": seal.root,
            "previous": seal.previous,
            "at": seal.sealed_at,
            "key": seal.public_key,
            "signature": seal.signature,
            "entries": entries,
        },
    )


def find_settled_tick(connection: Connection) -> int:
    """The tick below which no event can come any more."""
    row = connection.execute(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + audit_epoch() AS tick"
    ).fetchone()
    return row["tick"] if row else 0


def find_range_end(
    connection: Connection, *, from_tick: int, settled: int, limit: int
) -> int | None:
    """Where a range that begins at ``from_tick`` ends, so that it has about ``limit`` events.

    Returns:
        None when there is no settled event from there on.
    """
    row = connection.execute(
        """
        SELECT min(tick) AS first, (
            SELECT tick FROM audit_event WHERE tick >= %(from)s AND tick < %(settled)s
            ORDER BY tick, event_id OFFSET %(limit)s LIMIT 1
        ) AS beyond
        FROM audit_event WHERE tick >= %(from)s AND tick < %(settled)s
        """,
        {"from": from_tick, "settled": settled, "limit": limit},
    ).fetchone()
    if row is None or row["first"] is None:
        return None
    if row["beyond"] is None:
        return settled
    # the events of one transaction are never parted
    return max(row["beyond"], row["first"] + 1)


def copy_events(connection: Connection, *, from_tick: int, to_tick: int) -> Iterator[bytes]:
    """The events of a range in the order of the tree, each as Postgres writes it, id first."""
    statement = sql.SQL(
        """
        COPY (
            SELECT event_id, tick, at, action, exam_id, copy_id, actor, correlation_id, details
            FROM audit_event WHERE tick >= {start} AND tick < {end} ORDER BY tick, event_id
        ) TO STDOUT
        """
    ).format(start=sql.Literal(from_tick), end=sql.Literal(to_tick))
    with connection.cursor() as cursor, cursor.copy(statement) as rows:
        for row in rows:
            yield bytes(row)


def count_unsealed(connection: Connection, from_tick: int, *, limit: int | None = None) -> int:
    """How many events no seal holds yet, counted up to a limit if there is one."""
    row = connection.execute(
        """
        SELECT count(*) AS events FROM (
            SELECT FROM audit_event WHERE tick >= %(from)s ORDER BY tick LIMIT %(limit)s
        ) AS unsealed
        """,
        {"from": from_tick, "limit": limit},
    ).fetchone()
    return row["events"] if row else 0


def list_events_ahead(connection: Connection) -> list[int]:
    """Events whose tick no transaction has had yet: nobody but a superuser makes such."""
    rows = connection.execute(
        """
        SELECT event_id FROM audit_event
        WHERE tick >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + audit_epoch()
        ORDER BY event_id LIMIT 20
        """
    ).fetchall()
    return [row["event_id"] for row in rows]


def raise_epoch(connection: Connection) -> bool:
    """Lets ticks go on above the highest one, where the server counts from below it.

    So it is after a dump was loaded into another server, whose transaction numbers are its own.
    """
    row = connection.execute(
        """
        SELECT greatest(
            coalesce((SELECT max(tick) + 1 FROM audit_event), 0),
            coalesce((SELECT max(to_tick) FROM audit_seal), 0)
        ) AS wanted, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS number,
            audit_epoch() AS epoch
        """
    ).fetchone()
    if row is None or row["wanted"] <= row["number"] + row["epoch"]:
        return False
    connection.execute(
        sql.SQL(
            "CREATE OR REPLACE FUNCTION audit_epoch() RETURNS bigint LANGUAGE sql IMMUTABLE"
            " AS {body}"
        ).format(body=sql.Literal(f"SELECT {row['wanted'] - row['number']}::bigint"))
    )
    return True


def _seal(row: Mapping[str, Any]) -> Seal:
    return Seal(
        seal_id=row["seal_id"],
        from_tick=row["from_tick"],
        to_tick=row["to_tick"],
        event_count=row["event_count"],
        root=bytes(row["root"]),
        previous=bytes(row["previous"]),
        sealed_at=row["sealed_at"],
        public_key=bytes(row["public_key"]),
        signature=bytes(row["signature"]),
    )


def oldest_from_s(connection: Connection, from_tick: int) -> float:
    """Seconds since the oldest event from that tick on happened, 0 when there is none."""
    row = connection.execute(
        """
        SELECT extract(epoch FROM clock_timestamp() - min(at))::float8 AS age_s
        FROM audit_event WHERE tick >= %(tick)s
        """,
        {"tick": from_tick},
    ).fetchone()
    return max(0.0, row["age_s"] or 0.0) if row else 0.0
