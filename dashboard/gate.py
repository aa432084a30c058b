"""The gate before the dashboard: no request and no websocket gets by without a session.

Streamlit serves pictures and its own websocket to anybody who asks; this is asked first.
"""

import html
import logging
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.openid import Attempt, OpenId, Refused
from viatique.db.pool import Database
from viatique.errors import Conflict
from viatique.exporter import METRICS_PATH
from viatique.steps.sign_in import (
    SESSION_COOKIE,
    SESSION_LASTS,
    Refusal,
    account_of,
    begin_session,
    sign_in,
    sign_out,
)

security = logging.getLogger("security")

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
LEAVE, BACK = "/sign-in/openid", "/sign-in/back"
"""To the OpenID Connect provider and back from there."""
ATTEMPT_COOKIE = "viatique_attempt"
ATTEMPT_LASTS_S = 600
OPEN_PATHS = frozenset({SIGN_IN, "/_stcore/health", METRICS_PATH})
"""Metrics ask for a token of their own."""
BODY_LIMIT = 4096
"""Bytes of a sign-in form."""

IDENTITY_HEADERS = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "x-", "x-forwarded-", "x-auth-request-")
    for name in ("remote-user", "user", "email", "preferred-username", "streamlit-user")
)
"""By which proxies and Streamlit name people; nothing behind the gate gets to see them."""

TEXTS = {
    None: "",
    Refusal.WRONG: "Identifiant ou mot de passe incorrect. · Wrong login or password.",
    Refusal.LOCKED: "Trop d'essais : attendez un quart d'heure. · Too many tries: wait 15 minutes.",
    Refusal.UNCONFIRMED: "Votre connexion n'a pas été confirmée. · Sign-in was not confirmed.",
    Refusal.UNKNOWN: "Vous n'avez pas de compte ici. · There is no account for you here.",
}

PAGE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>Viatique</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
body {{ display: grid; place-items: center; min-height: 95vh; margin: 0; }}
main {{ width: min(22rem, 90vw); }}
form {{ display: grid; gap: .75rem; }}
h1 {{ margin: 0 0 1rem; font-size: 1.6rem; }} p {{ margin: 0; }}
input, button {{ font: inherit; padding: .7rem; border-radius: .5rem; border: 1px solid #8886; }}
button, .button {{ background: #1f3c7a; color: #fff; cursor: pointer; }}
.button {{ display: block; padding: .7rem; border-radius: .5rem; text-align: center;
  text-decoration: none; }}
form + .button {{ margin-top: .75rem; }}
[role=alert] {{ color: #c0392b; }} [role=alert]:not(:empty) {{ margin-bottom: 1rem; }}
</style></head><body><main><h1>Viatique</h1>
<p role="alert">{message}</p>{ways}</main></body></html>"""

FORM = """<form method="post" action="/sign-in">
<label for="login">Identifiant · Login</label>
<input id="login" name="login" autocomplete="username" required autofocus value="{login}">
<label for="password">Mot de passe · Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Entrer · Sign in</button>
</form>"""

OPENID_LINK = f"""<a class="button" href="{LEAVE}">
Se connecter avec mon établissement · Sign in at your institution</a>"""

ARRIVED = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Viatique</title>
<meta http-equiv="refresh" content="0; url=/"></head><body><a href="/">Viatique</a></body></html>"""
"""A page of ours between the provider and the first page: from elsewhere, browsers would not send
the session's strict cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy that signs people in before the dashboard, and the header it names them in."""

    header: str
    address: str

    def vouches_for(self, scope: Scope) -> str | None:
        """Who signed in at the proxy; None when it says so of nobody, or somebody else says it."""
        client = scope.get("client")
        if client is None or client[0] != self.address:
            return None
        return Headers(scope=scope).get(self.header, "").strip().lower() or None


class Gate:
    """ASGI middleware: lets signed-in people through, shows others the sign-in page."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        database: Database,
        policy: str,
        proxy: Proxy | None = None,
        openid: OpenId | None = None,
    ) -> None:
        self._app = app
        self._database = database
        self._proxy = proxy
        self._openid = openid
        self._headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "x-frame-options": "DENY",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or passes on what may pass."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            may_pass = _is_same_origin(headers) and await self._is_signed_in(scope, headers)
            if may_pass:
                await self._app(self._without_identity(scope), receive, send)
            else:
                await send({"type": "websocket.close", "code": 4401})
            return
        answer = await self._own_answer(scope, receive, headers)
        if answer is None:
            await self._app(self._without_identity(scope), receive, self._with_headers(send))
        else:
            await answer(scope, receive, self._with_headers(send))

    async def _own_answer(
        self, scope: Scope, receive: Receive, headers: Headers
    ) -> Response | None:
        """The gate's answer to a request; None lets it through."""
        path = scope["path"]
        if self._proxy and path not in OPEN_PATHS - {SIGN_IN}:
            return await self._proxied(scope, headers, self._proxy)
        if path in (LEAVE, BACK) and self._openid:
            return await self._by_provider(Request(scope, receive), self._openid)
        return await self._by_session(scope, receive, headers)

    async def _by_session(
        self, scope: Scope, receive: Receive, headers: Headers
    ) -> Response | None:
        path, method = scope["path"], scope["method"]
        if path == SIGN_IN:
            request = Request(scope, receive)
            return await self._sign_in(request) if method == "POST" else self._page()
        if path == SIGN_OUT:
            return await self._sign_out(headers)
        if path in OPEN_PATHS or await self._is_signed_in(scope, headers):
            return None
        if method == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(SIGN_IN, status_code=303)
        return PlainTextResponse("Sign in first.", status_code=401)

    async def _proxied(self, scope: Scope, headers: Headers, proxy: Proxy) -> Response | None:
        """Lets those through the proxy vouches for, each with a session of their own."""
        login = proxy.vouches_for(scope)
        if login is None:
            return PlainTextResponse("Sign in at the proxy first.", status_code=401)
        if await self._is_signed_in(scope, headers):
            return None
        token = await run_in_threadpool(begin_session, self._database, login)
        if token is None:
            return PlainTextResponse("There is no account for you.", status_code=403)
        return _with_cookie(RedirectResponse("/", status_code=303), token, scope["scheme"])

    async def _sign_in(self, request: Request) -> Response:
        if self._openid and not self._openid.with_passwords:
            return PlainTextResponse("Passwords do not count here.", status_code=403)
        if not _is_same_origin(request.headers):
            return PlainTextResponse("From another site.", status_code=403)
        if int(request.headers.get("content-length") or BODY_LIMIT + 1) > BODY_LIMIT:
            return PlainTextResponse("Too long.", status_code=413)
        form = await request.form()
        login, password = str(form.get("login", "")), str(form.get("password", ""))
        result = await run_in_threadpool(sign_in, self._database, login, password)
        if isinstance(result, Refusal):
            return self._page(result, login)
        return _with_cookie(RedirectResponse("/", status_code=303), result, request.url.scheme)

    def _unvouched(self, reason: str) -> Response:
        """The sign-in page for whom the provider does not vouch; the log has the code only."""
        security.warning("openid_refused", extra={"reason": reason})
        return self._page(Refusal.UNKNOWN if reason == "no_role" else Refusal.UNCONFIRMED)

    async def _by_provider(self, request: Request, openid: OpenId) -> Response:
        """To the provider, or, back from there, a session for whom it vouches."""
        try:
            if request.url.path == LEAVE:
                return await _leave(openid)
            attempt = Attempt.parse(request.cookies.get(ATTEMPT_COOKIE, ""))
            person = await openid.person(attempt, request.query_params)
            token = await run_in_threadpool(
                begin_session, self._database, person.login, person.role
            )
        except (Refused, Conflict) as error:
            answer = self._unvouched(str(error) if isinstance(error, Refused) else "conflict")
        else:
            if token:
                scheme = urlsplit(openid.callback).scheme
                answer = _with_cookie(HTMLResponse(ARRIVED), token, scheme)
            else:
                answer = self._page(Refusal.UNKNOWN)
        answer.delete_cookie(ATTEMPT_COOKIE, path=SIGN_IN)
        return answer

    def _page(self, refusal: Refusal | None = None, login: str = "") -> HTMLResponse:
        form = FORM.format(login=html.escape(login[:200]))
        ways = form if self._openid is None else OPENID_LINK
        if self._openid and self._openid.with_passwords:
            ways = form + OPENID_LINK
        page = PAGE.format(message=html.escape(TEXTS[refusal]), ways=ways)
        return HTMLResponse(page, status_code=401 if refusal else 200)

    async def _sign_out(self, headers: Headers) -> Response:
        token = session_token(headers)
        if token:
            await run_in_threadpool(sign_out, self._database, token)
        answer = RedirectResponse(SIGN_IN, status_code=303)
        answer.delete_cookie(SESSION_COOKIE)
        return answer

    async def _is_signed_in(self, scope: Scope, headers: Headers) -> bool:
        token = session_token(headers)
        if not token:
            return False
        account = await run_in_threadpool(account_of, self._database, token)
        if account is None or self._proxy is None:
            return account is not None
        return account.login == self._proxy.vouches_for(scope)

    def _without_identity(self, scope: Scope) -> Scope:
        void = IDENTITY_HEADERS | {self._proxy.header.lower()} if self._proxy else IDENTITY_HEADERS
        kept = [item for item in scope["headers"] if item[0].decode("latin-1").lower() not in void]
        return {**scope, "headers": kept}

    def _with_headers(self, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        return send_with_headers


async def _leave(openid: OpenId) -> Response:
    attempt = Attempt.new()
    answer = RedirectResponse(await openid.address(attempt), status_code=303)
    answer.set_cookie(
        ATTEMPT_COOKIE,
        str(attempt),
        max_age=ATTEMPT_LASTS_S,
        path=SIGN_IN,
        httponly=True,
        samesite="lax",
        secure=urlsplit(openid.callback).scheme == "https",
    )
    return answer


def _with_cookie(answer: Response, token: str, scheme: str) -> Response:
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=scheme == "https",
    )
    return answer


def session_token(headers: Headers) -> str | None:
    """The session's token in the cookies of a request."""
    cookie = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    return cookie.value if cookie else None


def _is_same_origin(headers: Headers) -> bool:
    """Whether a browser sent this from a page of ours; a request without Origin is no browser's."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
