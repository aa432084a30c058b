"""Rows of a person or an exam are deleted with all that refers to them, whatever tables there are.

The tables that refer to a copy are asked of the catalogue, not listed here: one that comes later is
not forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from viatique.db.pool import Connection, Database
from viatique.files import Kind
from viatique.models import CopyId, ExamId, Half, Sha256, StudentId

StoredFile = tuple[Sha256, Kind]
Key = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPage:
    """A page of a scan that belongs to somebody who is erased; ``source_page`` is 0-based."""

    source_id: int
    source_page: int
    half: Half


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dependent:
    """A foreign key: columns of a table and the columns they refer to, in the same order."""

    table: str
    columns: tuple[str, ...]
    referred: tuple[str, ...]


def lock_copies_of(connection: Connection, exam_id: ExamId, student_id: StudentId) -> list[CopyId]:
    """The student's copies, kept from others until the commit."""
    rows = connection.execute(
        """
        SELECT copy_id FROM copy WHERE exam_id = %(exam)s AND student_id = %(student)s
        ORDER BY copy_id FOR UPDATE
        """,
        {"exam": exam_id, "student": student_id},
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]


def list_merged_into(connection: Connection, copy_ids: Sequence[CopyId]) -> list[CopyId]:
    """Copies that, as the trail tells, were merged into these: they are no more."""
    rows = connection.execute(
        """
        WITH RECURSIVE merged AS (
            SELECT unnest(%(copies)s::text[]) AS copy_id
            UNION SELECT details ->> 'from' FROM audit_event JOIN merged USING (copy_id)
            WHERE action = 'MERGE' AND details ? 'from'
        )
        SELECT copy_id FROM merged WHERE copy_id <> ALL (%(copies)s) ORDER BY copy_id
        """,
        {"copies": list(copy_ids)},
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]


def list_pages(connection: Connection, copy_ids: Sequence[CopyId]) -> list[ErasedPage]:
    """Where the pages of copies lie in their scans."""
    rows = connection.execute(
        """
        SELECT source_id, source_page, half FROM page WHERE copy_id = ANY(%(copies)s)
        ORDER BY source_id, source_page
        """,
        {"copies": list(copy_ids)},
    ).fetchall()
    return [ErasedPage(**{**row, "half": Half(row["half"])}) for row in rows]


def is_source_at_work(connection: Connection, source_id: int) -> bool:
    """Whether copies of the scan are still to be cut: their pages must stay where they are."""
    row = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM copy WHERE source_id = %(source)s AND file_sha256 IS NULL
        ) AS is_uncut
        """,
        {"source": source_id},
    ).fetchone()
    return bool(row and row["is_uncut"])


def has_live_claim(connection: Connection, subjects: Sequence[str]) -> bool:
    """Whether a process works on one of the copies, or scans, now."""
    row = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM claim
            WHERE subject = ANY(%(subjects)s) AND claim_is_live(holder, expires_at)
        ) AS is_claimed
        """,
        {"subjects": list(subjects)},
    ).fetchone()
    return bool(row and row["is_claimed"])


def mark_content(connection: Connection, source_id: int, sha256: Sha256) -> None:
    """Names a scan's new content."""
    connection.execute(
        "UPDATE source_file SET content_sha256 = %(sha256)s WHERE source_id = %(source)s",
        {"source": source_id, "sha256": sha256},
    )


def forget_file_names(connection: Connection, exam_id: ExamId, names: Sequence[str]) -> None:
    """Forgets the file names of the exam's scans that hold one of the names."""
    connection.execute(
        """
        UPDATE source_file SET file_name = ''
        WHERE exam_id = %(exam)s AND EXISTS (
            SELECT FROM unnest(%(names)s::text[]) AS name
            WHERE strpos(lower(file_name), lower(name)) > 0
        )
        """,
        {"exam": exam_id, "names": [name for name in names if name]},
    )


def list_copies_naming(connection: Connection, exam_id: ExamId, name: str) -> list[CopyId]:
    """Copies on which somebody wrote the name in a remark or an annotation."""
    rows = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE exam_id = %(exam)s AND (
            strpos(lower(appreciation), lower(%(name)s)) > 0
            OR EXISTS (
                SELECT FROM mark WHERE mark.copy_id = copy.copy_id
                    AND strpos(lower(remark), lower(%(name)s)) > 0
            )
            OR EXISTS (
                SELECT FROM annotation WHERE annotation.copy_id = copy.copy_id
                    AND strpos(lower(text), lower(%(name)s)) > 0
            )
        )
        ORDER BY copy_id
        """,
        {"exam": exam_id, "name": name},
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]


def list_files(
    connection: Connection, exam_id: ExamId, copy_ids: Sequence[CopyId] | None = None
) -> list[StoredFile]:
    """The files of an exam, or of some copies of it."""
    rows = connection.execute(
        """
        SELECT DISTINCT sha256, kind FROM stored_file
        WHERE exam_id = %(exam)s
            AND (%(copies)s::text[] IS NULL OR copy_id = ANY(%(copies)s))
        """,
        {"exam": exam_id, "copies": None if copy_ids is None else list(copy_ids)},
    ).fetchall()
    return [(Sha256(row["sha256"]), Kind(row["kind"])) for row in rows]


def doom_files(connection: Connection, files: Sequence[StoredFile]) -> None:
    """Says which files are to be removed once this is committed, if nothing else needs them."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO doomed_file (sha256, kind) VALUES (%(sha256)s, %(kind)s)
            ON CONFLICT ON CONSTRAINT doomed_file_pk DO NOTHING
            """,
            [{"sha256": sha256, "kind": kind} for sha256, kind in files],
        )


def doom_file_of_gone(connection: Connection, copy_id: CopyId, file: StoredFile) -> None:
    """Dooms a file that was made of a copy which is no more; any other's is left alone."""
    connection.execute(
        """
        INSERT INTO doomed_file (sha256, kind)
        SELECT %(sha256)s, %(kind)s
        WHERE NOT EXISTS (SELECT FROM copy WHERE copy_id = %(copy)s)
        ON CONFLICT ON CONSTRAINT doomed_file_pk DO NOTHING
        """,
        {"copy": copy_id, "sha256": file[0], "kind": file[1]},
    )


def list_doomed(connection: Connection) -> list[StoredFile]:
    """Doomed files that no row needs; those that one needs are spared for good."""
    connection.execute(
        """
        DELETE FROM doomed_file USING stored_file
        WHERE (doomed_file.sha256, doomed_file.kind) = (stored_file.sha256, stored_file.kind)
        """
    )
    rows = connection.execute("SELECT sha256, kind FROM doomed_file").fetchall()
    return [(Sha256(row["sha256"]), Kind(row["kind"])) for row in rows]


def delete_doomed(connection: Connection, file: StoredFile) -> None:
    """Forgets a doomed file: it is gone from the store."""
    connection.execute(
        "DELETE FROM doomed_file WHERE sha256 = %(sha256)s AND kind = %(kind)s",
        {"sha256": file[0], "kind": file[1]},
    )


def delete_marks_file(connection: Connection, exam_id: ExamId, sha256: Sha256) -> None:
    connection.execute(
        "DELETE FROM marks_file WHERE exam_id = %(exam)s AND sha256 = %(sha256)s",
        {"exam": exam_id, "sha256": sha256},
    )


def delete_claims(connection: Connection, subjects: Sequence[str]) -> None:
    connection.execute(
        "DELETE FROM claim WHERE subject = ANY(%(subjects)s)", {"subjects": list(subjects)}
    )


def delete_tree(
    connection: Connection, table: str, key: Key, *, is_root_kept: bool = False
) -> None:
    """Deletes the rows of a table with this key, and before them all rows that refer to them.

    Args:
        connection: in a transaction.
        table: its name.
        key: the columns that others refer to, with their values.
        is_root_kept: only what refers to the rows is deleted.
    """
    for dependent in _dependents(connection, table):
        pairs = zip(dependent.columns, dependent.referred, strict=True)
        own = {column: key[referred] for column, referred in pairs}
        for row in _rows_referred_to(connection, dependent.table, own):
            delete_tree(connection, dependent.table, row, is_root_kept=True)
        _delete(connection, dependent.table, own)
    if not is_root_kept:
        _delete(connection, table, key)


def list_erased(
    connection: Connection, exam_id: ExamId, student_ids: Sequence[StudentId]
) -> list[StudentId]:
    """Those of the students who, as the trail tells, were erased from the exam."""
    rows = connection.execute(
        """
        SELECT DISTINCT details ->> 'student' AS student FROM audit_event
        WHERE exam_id = %(exam)s AND action = 'ERASE'
            AND details ->> 'student' = ANY(%(students)s)
        ORDER BY 1
        """,
        {"exam": exam_id, "students": list(student_ids)},
    ).fetchall()
    return [StudentId(row["student"]) for row in rows]


def was_exam_erased(connection: Connection, exam_id: ExamId) -> bool:
    """Whether the trail tells that everybody was."""
    found = connection.execute(
        """
        SELECT FROM audit_event
        WHERE exam_id = %(exam)s AND action = 'ERASE' AND details ? 'students' LIMIT 1
        """,
        {"exam": exam_id},
    )
    return found.rowcount > 0


def is_rewriting_owed(connection: Connection) -> bool:
    """Whether something was erased since the tables were written anew; a kill may come between."""
    row = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM audit_event WHERE action = 'ERASE' AND at > coalesce((
                SELECT obj_description(oid, 'pg_constraint')::timestamptz FROM pg_constraint
                WHERE conname = 'doomed_file_pk'
            ), '-infinity')
        ) AS is_owed
        """
    ).fetchone()
    return bool(row and row["is_owed"])


def rewrite_tables(database: Database) -> None:
    """Writes every table anew, so that no file of the database keeps deleted rows.

    When it was last done is the comment of a constraint: kept with what it is about.

    The rows of samples (``pg_statistic``) and what the write-ahead log still holds go too where the
    role may do that. Each table is locked while it is written.
    """
    with database.session() as session:
        begun = session.execute("SELECT now()::text AS at").fetchone()
        rows = session.execute(
            """
            SELECT format('%I.%I', nspname, relname) AS name
            FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE relkind = 'r' AND (
                nspname = 'public' AND relname NOT LIKE 'audit\\_%%' AND relname <> 'observation'
                OR relname = 'pg_statistic'
            ) AND pg_has_role(relowner, 'USAGE')
            ORDER BY nspname DESC
            """
        ).fetchall()
        for row in rows:
            session.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(sql.SQL(row["name"])))
        if session.execute(
            "SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper"
        ).rowcount:
            session.execute("CHECKPOINT")
            session.execute("SELECT pg_switch_wal()")
            session.execute("CHECKPOINT")
        note = sql.SQL("COMMENT ON CONSTRAINT doomed_file_pk ON doomed_file IS {}")
        session.execute(note.format(sql.Literal(begun["at"] if begun else None)))


def _dependents(connection: Connection, table: str) -> list[_Dependent]:
    rows = connection.execute(
        """
        SELECT conrelid::regclass::text AS table,
            ARRAY(
                SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place
            ) AS columns,
            ARRAY(
                SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place
            ) AS referred
        FROM pg_constraint WHERE contype = 'f' AND confrelid = %(table)s::regclass
        ORDER BY 1
        """,
        {"table": table},
    ).fetchall()
    return [
        _Dependent(
            table=row["table"], columns=tuple(row["columns"]), referred=tuple(row["referred"])
        )
        for row in rows
    ]


def _rows_referred_to(connection: Connection, table: str, key: Key) -> list[dict[str, object]]:
    """What others refer to in the rows with this key; nothing when nothing refers to the table."""
    columns = sorted({name for item in _dependents(connection, table) for name in item.referred})
    if not columns:
        return []
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("SELECT {} FROM {} WHERE {}").format(
        names, sql.Identifier(table), _condition(key)
    )
    return [
        dict(row)
        for row in connection.execute(statement, key).fetchall()
        if all(value is not None for value in row.values())
    ]


def _delete(connection: Connection, table: str, key: Key) -> None:
    statement = sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), _condition(key))
    connection.execute(statement, key)


def _condition(key: Key) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in key
    )
