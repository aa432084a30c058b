"""One process that takes flow runs from several work pools: all of them, unless some are named.

What Prefect's own ``prefect worker start --pool POOL --limit 1`` does for one pool, at the cost of
one. A flow uses all cores and the memory that goes with them, so others of its pool wait.

    python -m flows.worker [POOL...]
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

from prefect.workers.process import ProcessWorker

from flows.deploy import Pool

RUNS = 1
"""Flow runs of one pool at a time."""


async def serve(pools: Sequence[Pool]) -> None:
    """Takes runs from the pools until it is cancelled; then it stops those that still run."""
    async with asyncio.TaskGroup() as group:
        for pool in pools:
            worker = ProcessWorker(name=f"{pool} {uuid4()}", work_pool_name=pool, limit=RUNS)
            group.create_task(worker.start())


async def serve_until_told(pools: Sequence[Pool]) -> None:
    """The same until SIGTERM or Ctrl-C."""
    serving = asyncio.ensure_future(serve(pools))
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    asyncio.run(serve_until_told([Pool(name) for name in sys.argv[1:]] or list(Pool)))
