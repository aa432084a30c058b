"""``viatique metrics``: serve what was measured, or begin to count anew."""

from cyclopts import App

from viatique.cli import running, terminal
from viatique.cli.given import Port
from viatique.run import new_run
from viatique.services.foreground import METRICS_PORT
from viatique.steps.reset_metrics import reset_metrics
from viatique.texts import CLI_LANGUAGE, text

OPERATOR = "operator"
"""Actor of what only somebody with rights on the machine can do."""

metrics_app = App(name="metrics")


@metrics_app.default
def serve(*, host: str = "127.0.0.1", port: Port = METRICS_PORT) -> int:
    """Serve Prometheus metrics until Ctrl-C; the token is in HOME/run/metrics.token."""
    from viatique.cli.serving import serve_metrics  # noqa: PLC0415  # a web server is slow to load

    with running.workbench() as bench:
        serve_metrics(bench, host, port)
    return 0


@metrics_app.command
def reset() -> int:
    """Begin to count anew, as on the first day; the audit trail tells who did it and when."""
    with running.workbench() as bench:
        forgotten = reset_metrics(bench.database, new_run(OPERATOR))
    terminal.say(text("metrics_reset", CLI_LANGUAGE, count=str(forgotten)))
    return 0
