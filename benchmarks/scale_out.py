"""Two workers beside one, on real parts, with the work simulated as waiting.

A machine with two cores cannot show what two machines do, so each final PDF waits before it is
made: what is measured is all the rest: claims, events, the object store, Prefect, and who waits for
whom. The parts are those of tests/scale: Postgres and OpenStack Swift over TLS, Prefect with Redis,
workers in folders of their own.

    python -m benchmarks.scale_out [--copies 60] [--wait 1.0]
"""

import argparse
import tempfile
from pathlib import Path

import psycopg

from tests.scale.cluster import Cluster, cluster, power_off
from tests.scale.exam import make_exam, mark
from tests.scale.servers import wait_until
from tests.scale.waiting import WAIT
from viatique.models import ExamId
from viatique.services.flow_runs import FlowName

PATIENCE_S = 600.0
MARGIN_S = 0.2
"""Final PDFs of one chunk are stored within it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=60)
    parser.add_argument("--wait", type=float, default=1.0)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder), **{WAIT: str(given.wait)}) as machines,
    ):
        demo = make_exam(machines, copies=given.copies)
        exams = [mark(machines, demo) for _ in range(2)]
        alone = _rate(machines, exams[0], workers=1)
        together = _rate(machines, exams[1], workers=2)
    print(
        f"{given.copies} copies of {given.wait:g} s each: one worker {alone:.2f} a second", end=", "
    )
    print(f"two {together:.2f}: {together / alone:.2f} times as fast")


def _rate(machines: Cluster, exam_id: str, *, workers: int) -> float:
    """Final PDFs a second, from when every run has made its first ones."""
    started = [machines.start_worker(f"machine-{n}", "pdf") for n in range(workers)]
    machines.expect(workers)
    machines.runs(per_exam=workers).start(FlowName.FINALIZE, ExamId(exam_id))
    wait_until(lambda: _waiting(machines, exam_id) == 0, patience_s=PATIENCE_S)
    for worker in started:
        power_off(worker)
    with psycopg.connect(machines.dsn) as connection:
        rows = connection.execute(
            """
            SELECT correlation_id, extract(epoch FROM at)::float8 FROM audit_event
            WHERE exam_id = %s AND action = 'FINALIZE' ORDER BY at
            """,
            (exam_id,),
        ).fetchall()
    firsts = dict(reversed(rows))
    begun, ended = max(firsts.values()), rows[-1][1]
    return sum(at > begun + MARGIN_S for _, at in rows) / (ended - begun)


def _waiting(machines: Cluster, exam_id: str) -> int:
    with psycopg.connect(machines.dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM copy WHERE exam_id = %s AND status <> 'GRADED'", (exam_id,)
        ).fetchone()
    return row[0] if row else 0


if __name__ == "__main__":
    main()
