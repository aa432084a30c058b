"""Two workers beside one, on real parts, with the work simulated as waiting.

A machine with two cores cannot show what two machines do, so each final PDF waits before it is
made: what is measured is all the rest: claims, events, the object store, Prefect, and who waits for
whom. The parts are those of tests/scale: Postgres and OpenStack Swift over TLS, Prefect with Redis,
workers in folders of their own.

    python -m benchmarks.scale_out [--copies 60] [--wait 1.0]
"""

import argparse
import tempfile
import time
from pathlib import Path

import psycopg

from tests.scale.cluster import Cluster, cluster, power_off
from tests.scale.exam import make_exam, mark
from tests.scale.servers import wait_until
from tests.scale.waiting import WAIT
from viatique.models import ExamId
from viatique.services.flow_runs import FlowName

PATIENCE_S = 600.0


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
        alone = _finalized(machines, exams[0], workers=1)
        together = _finalized(machines, exams[1], workers=2)
    print(f"{given.copies} copies of {given.wait:g} s each: one worker {alone:.1f} s", end=", ")
    print(f"two {together:.1f} s: {alone / together:.2f} times as fast")


def _finalized(machines: Cluster, exam_id: str, *, workers: int) -> float:
    """Seconds from when every flow run has begun until the last final PDF is there."""
    started = [machines.start_worker(f"machine-{n}", "pdf") for n in range(workers)]
    machines.expect(workers)
    machines.runs.start(FlowName.FINALIZE, ExamId(exam_id))
    wait_until(lambda: not machines.places(), patience_s=PATIENCE_S)
    begun = time.perf_counter()
    wait_until(lambda: _waiting(machines, exam_id) == 0, patience_s=PATIENCE_S)
    seconds = time.perf_counter() - begun
    for worker in started:
        power_off(worker)
    return seconds


def _waiting(machines: Cluster, exam_id: str) -> int:
    with psycopg.connect(machines.dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM copy WHERE exam_id = %s AND status <> 'GRADED'", (exam_id,)
        ).fetchone()
    return row[0] if row else 0


if __name__ == "__main__":
    main()
