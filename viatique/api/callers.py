"""Who calls: a program by its bearer token, or a person by the dashboard's session cookie."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from viatique.access import Permission, Role, may
from viatique.api.parts import parts_of
from viatique.db.accounts import Account
from viatique.errors import Forbidden
from viatique.run import Run
from viatique.steps.sign_in import SESSION_COOKIE, account_of, account_of_service

logger = logging.getLogger("security")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls; what they do is done under ``run``."""

    role: Role
    run: Run

    def may(self, permission: Permission) -> bool:
        """Whether they have the permission."""
        return may(self.role, permission)

    def require(self, permission: Permission) -> None:
        """Nothing when they have the permission.

        Raises:
            Forbidden: they have not.
        """
        if not self.may(permission):
            logger.warning("request_forbidden", extra={"user_id": self.run.actor})
            raise Forbidden("This account may not do that.")


def caller_with(permission: Permission) -> Callable[[Request], Caller]:
    """A dependency: the caller, who has the permission."""

    def caller(request: Request) -> Caller:
        account = _account(request)
        if account is None:
            logger.warning("request_not_signed_in")
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        request.state.user_id = account.account_id
        run = Run(correlation_id=request.state.request_id, actor=account.account_id)
        found = Caller(role=account.role, run=run)
        found.require(permission)
        return found

    return caller


Reader = Annotated[Caller, Depends(caller_with(Permission.VIEW_ANONYMOUS))]
Marker = Annotated[Caller, Depends(caller_with(Permission.MARK))]
Unlocker = Annotated[Caller, Depends(caller_with(Permission.FORCE_UNLOCK))]
Director = Annotated[Caller, Depends(caller_with(Permission.DIRECT))]
Staff = Annotated[Caller, Depends(caller_with(Permission.VIEW_COPIES))]
Namer = Annotated[Caller, Depends(caller_with(Permission.VIEW_IDENTITY))]
Auditor = Annotated[Caller, Depends(caller_with(Permission.VIEW_AUDIT))]


def _account(request: Request) -> Account | None:
    database = parts_of(request).database
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        is_bearer = scheme.lower() == "bearer" and token.isascii()
        return account_of_service(database, token.strip()) if is_bearer else None
    session = request.cookies.get(SESSION_COOKIE, "")
    may_use = session.isascii() and session and _is_from_here(request)
    return account_of(database, session) if may_use else None


def _is_from_here(request: Request) -> bool:
    """Whether a cookie may be trusted: pages of other sites, or ports, change nothing by it."""
    origin = request.headers.get("origin")
    if origin is None or request.method in SAFE_METHODS:
        return True
    return urlsplit(origin).netloc == request.headers.get("host")
