"""Where requests go behind the gate: to the HTTP API, under the dashboard's address, or on.

The API is that of ``viatique api``, with its own checks; the marking page writes through it. Its
requests are counted here too, for Prometheus at ``/metrics``, which asks for the token itself.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from viatique.api.app import create_app
from viatique.api.parts import parts_on
from viatique.api.paths import PREFIX
from viatique.exporter import METRICS_PATH, metrics_route, metrics_token, process_registry
from viatique.workbench import Workbench


def api_on(bench: Workbench) -> ASGIApp:
    """The API, and what is counted of it by this process."""
    parts = parts_on(bench, registry=process_registry())
    api = create_app(parts)
    api.router.routes.append(metrics_route(parts.registry, metrics_token(bench.settings.home_path)))
    return api


class Routes:
    """ASGI middleware: requests for the API and its metrics go to the API, all others on."""

    def __init__(self, app: ASGIApp, *, create_api: Callable[[], ASGIApp]) -> None:
        self._app = app
        self._api = create_api()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on to one or the other."""
        is_for_api = scope["type"] == "http" and (
            scope["path"].startswith(f"{PREFIX}/") or scope["path"] == METRICS_PATH
        )
        await (self._api if is_for_api else self._app)(scope, receive, send)
