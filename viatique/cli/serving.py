"""Commands that serve until Ctrl-C."""

import uvicorn

from viatique.api.app import create_app
from viatique.api.parts import Parts
from viatique.api.paths import PREFIX
from viatique.cli.terminal import say
from viatique.metrics import metrics_app, metrics_token
from viatique.workbench import Workbench


def serve_api(bench: Workbench, host: str, port: int) -> None:
    """The HTTP API of marking."""
    parts = Parts(database=bench.database, store=bench.store, lock_ttl_s=bench.settings.lock_ttl_s)
    say(f"http://{host}:{port}{PREFIX}/openapi.json")
    uvicorn.run(
        create_app(parts), host=host, port=port, log_config=None, access_log=False,
        server_header=False,
    )  # fmt: skip


def serve_metrics(bench: Workbench, host: str, port: int) -> None:
    """Prometheus metrics, behind the token of this home."""
    token = metrics_token(bench.settings.home_path)
    say(f"http://{host}:{port}/metrics")
    uvicorn.run(
        metrics_app(bench.database, token), host=host, port=port, log_config=None, access_log=False
    )
