"""Commands that serve until Ctrl-C."""

import uvicorn
from starlette.applications import Starlette

from viatique.api.app import create_app
from viatique.api.parts import parts_on
from viatique.api.paths import PREFIX
from viatique.cli.terminal import say
from viatique.errors import ServiceUnavailable
from viatique.exporter import (
    create_exporter,
    domain_collector,
    health_routes,
    metrics_route,
    metrics_token,
    process_registry,
)
from viatique.services.prefect_server import current_api_url
from viatique.steps.health import Health
from viatique.steps.log_trail import trail_logged
from viatique.workbench import Workbench


def serve_api(bench: Workbench, host: str, port: int) -> None:
    """The HTTP API of marking."""
    parts = parts_on(bench, registry=process_registry())
    say(f"http://{host}:{port}{PREFIX}/openapi.json")
    api = create_app(parts)
    api.router.routes.extend(health_routes(_health(bench)))
    api.router.routes.append(metrics_route(parts.registry, metrics_token(bench.settings.home_path)))
    _serve(api, host, port, trusted_proxies=bench.settings.trusted_proxies)


def serve_metrics(bench: Workbench, host: str, port: int) -> None:
    """Prometheus metrics, behind the token of this home; beside that, ``audit.log`` is kept."""
    token = metrics_token(bench.settings.home_path)
    say(f"http://{host}:{port}/metrics")
    exporter = create_exporter(domain_collector(bench), token, _health(bench))
    with trail_logged(bench.database, bench.settings.home_path / "logs"):
        _serve(exporter, host, port)


def _serve(served: Starlette, host: str, port: int, *, trusted_proxies: str = "") -> None:
    """Serves until Ctrl-C.

    Raises:
        ServiceUnavailable: nothing can be served there.
    """
    try:
        uvicorn.run(
            served, host=host, port=port, log_config=None, access_log=False, server_header=False,
            # nobody else's word is taken for who the client is: rates are counted by it
            forwarded_allow_ips=trusted_proxies,
            proxy_headers=bool(trusted_proxies),
        )  # fmt: skip
    except SystemExit:
        raise ServiceUnavailable(
            f"Nothing can be served at {host}, port {port}.",
            next_step="Another program may listen there: give another --port.",
        ) from None


def _health(bench: Workbench) -> Health:
    return Health(
        database=bench.database,
        store=bench.store,
        prefect_api_url=lambda: current_api_url(bench.settings),
    )
