"""Where requests go behind the gate: to the HTTP API, under the dashboard's address, or on.

The API is that of ``viatique api``, with its own checks; the marking page writes through it.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from viatique.api.paths import PREFIX


class Routes:
    """ASGI middleware: requests below the API's prefix go to the API, all others on."""

    def __init__(self, app: ASGIApp, *, create_api: Callable[[], ASGIApp]) -> None:
        self._app = app
        self._api = create_api()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on to one or the other."""
        is_for_api = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (self._api if is_for_api else self._app)(scope, receive, send)
