"""How many requests a client may make.

Each credential has a rate of its own, because a school's markers share one address; who shows none
is counted by address. An address that was refused as not signed in too often is answered no more,
except to credentials that were good before: guessing tokens is slow, and locks nobody out.
"""

import hashlib
from collections import OrderedDict

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from viatique.limiter import Limiter
from viatique.steps.sign_in import SESSION_COOKIE

REFUSALS_PER_MINUTE = 30
CREDENTIALS = 4096
"""Good credentials remembered, by digest; the oldest are forgotten."""


class RateLimits:
    """The limits of one API process."""

    def __init__(self, per_minute: int) -> None:
        self._requests = Limiter(per_minute)
        self._refusals = Limiter(REFUSALS_PER_MINUTE)
        self._good: OrderedDict[str, None] = OrderedDict()

    def wait_s(self, scope: Scope) -> int:
        """0 when the request may be answered, else the seconds its client should wait."""
        credential = _credential(scope)
        if credential not in self._good:
            pause_s = self._refusals.spent_s(_address(scope))
            if pause_s:
                return pause_s
        return self._requests.wait_s(credential or _address(scope))

    def note(self, scope: Scope, status: int) -> None:
        """Learns from an answer whether the credential is good."""
        credential = _credential(scope)
        if status == 401:
            self._good.pop(credential, None)
            self._refusals.wait_s(_address(scope))
        elif credential and "user_id" in scope["state"]:
            self._good[credential] = None
            self._good.move_to_end(credential)
            if len(self._good) > CREDENTIALS:
                self._good.popitem(last=False)


def _credential(scope: Scope) -> str:
    shown = Headers(scope=scope).get("authorization") or Request(scope).cookies.get(SESSION_COOKIE)
    return hashlib.sha256(shown.encode()).hexdigest() if shown else ""


def _address(scope: Scope) -> str:
    """Of the client itself: the server puts it there, also behind a proxy that is trusted."""
    client = scope.get("client")
    return client[0] if client else ""
