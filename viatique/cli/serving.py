"""Commands that serve until Ctrl-C."""

import uvicorn

from viatique.cli.terminal import say
from viatique.metrics import metrics_app, metrics_token
from viatique.workbench import Workbench


def serve_metrics(bench: Workbench, host: str, port: int) -> None:
    """Prometheus metrics, behind the token of this home."""
    token = metrics_token(bench.settings.home_path)
    say(f"http://{host}:{port}/metrics")
    uvicorn.run(metrics_app(bench.database, token), host=host, port=port, log_config=None)
