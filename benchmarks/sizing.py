"""What a copy takes: processor time, bytes in each table and of each kind of file.

Measured as the difference between an installation with no exam and one with an exam of made-up
copies of four pages, everything done to it that the flows do; the figures of infra/sizing.md.

    python -m benchmarks.sizing [--copies 100] [--dpi 200]
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import psycopg

from tests.flows.installation import Installation
from tests.flows.ways import create, write_marks
from viatique.demo.exam import generate_exam
from viatique.demo.plan import NO_TRAPS
from viatique.files import Kind
from viatique.services.local import ensure
from viatique.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--dpi", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder) / "var")
        exam = generate_exam(
            Path(folder) / "exam", copies=given.copies, traps=NO_TRAPS, dpi=given.dpi
        )
        installation.run("exam", "list")
        before = _tables(installation)
        exam_id = create(installation, exam)
        _timed(installation, given.copies, "import", exam_id, exam.scan_pdf)
        _timed(installation, given.copies, "identify", exam_id)
        marks = write_marks(installation, exam_id, Path(folder) / "marks.csv")
        _timed(installation, given.copies, "marks", exam_id, marks)
        _timed(installation, given.copies, "finalize", exam_id)
        installation.run("audit", "seal")
        after = _tables(installation)
        _report(before, after, _files(installation.home), given.copies)
        installation.run("down", "--force")


def _timed(installation: Installation, copies: int, *command: str | Path) -> None:
    """Tells the processor time of a command and all it started, the database's not counted."""
    before = getrusage(RUSAGE_CHILDREN)
    installation.run(*command, "--inline")
    after = getrusage(RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{command[0]:10} {seconds:6.1f} s of a core, {1000 * seconds / copies:5.0f} ms a copy")


def _tables(installation: Installation) -> dict[str, int]:
    """Bytes of each table with its indexes, without the room of dead rows."""
    settings = Settings(home=installation.home, DATABASE_URL=None, PREFECT_API_URL=None)
    with (
        ensure(settings, prefect=False, on_progress=lambda _message: None) as services,
        psycopg.connect(services.database_dsn, autocommit=True) as connection,
    ):
        connection.execute("VACUUM FULL")
        rows = connection.execute(
            """
            SELECT coalesce(inhparent, pg_class.oid)::regclass::text,
                sum(pg_total_relation_size(pg_class.oid))::bigint
            FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            GROUP BY 1
            """
        ).fetchall()
    return dict(rows)


def _files(home: Path) -> Counter[str]:
    """Bytes of each kind of stored file."""
    sizes: Counter[str] = Counter()
    for path in (home / "store").rglob("*"):
        if path.is_file():
            sizes[path.name.partition(".")[2]] += path.stat().st_size
    return sizes


def _report(before: dict[str, int], after: dict[str, int], files: Counter[str], n: int) -> None:
    grown = Counter({name: after[name] - before.get(name, 0) for name in after})
    print("bytes a copy, tables:")
    for name, size in grown.most_common():
        if size > n:
            print(f"  {name:20} {size / n:8.0f}")
    print(f"  {'together':20} {grown.total() / n:8.0f}")
    print("bytes a copy, files:")
    for kind in Kind:
        print(f"  {kind:20} {files[kind] / n:8.0f}")
    print(f"  {'together':20} {files.total() / n:8.0f}", flush=True)


if __name__ == "__main__":
    main()
