"""Who may do what. Roles are people's, permissions are what screens and steps ask for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What an account is for."""

    ADMIN = "admin"
    COORDINATOR = "coordinator"
    MARKER = "marker"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What is asked before a page is shown or something is written."""

    VIEW_COPIES = "view_copies"
    VIEW_AUDIT = "view_audit"
    VIEW_IDENTITY = "view_identity"
    """Names and whole pages, header included; each view is audited."""
    SETTLE = "settle"
    """Confirm identities, release copies from quarantine."""
    VIEW_ANONYMOUS = "view_anonymous"
    """Exams, copies and pages without their header: nothing that tells whose they are."""
    MARK = "mark"
    """Lock copies, write scores, remarks, annotations and drafts."""
    RUN_EXAMS = "run_exams"
    """Create exams, upload rosters and scans, start their runs."""
    OPERATE = "operate"
    """See runs, failures, throughput: counts and ids."""
    MANAGE_ACCOUNTS = "manage_accounts"
    """Add accounts, change roles, renew passwords, make and revoke tokens."""
    FORCE_UNLOCK = "force_unlock"
    """Take a lock away from a marker."""
    DIRECT = "direct"
    """Dispatch copies, reopen them, settle double marking, finalize, release results."""


_STAFF = frozenset({Role.ADMIN, Role.COORDINATOR, Role.VIEWER})
_DECIDING = frozenset({Role.ADMIN, Role.COORDINATOR})

ALLOWED: dict[Permission, frozenset[Role]] = {
    Permission.VIEW_COPIES: _STAFF,
    Permission.VIEW_AUDIT: _STAFF,
    Permission.VIEW_IDENTITY: _DECIDING,
    Permission.SETTLE: _DECIDING,
    Permission.VIEW_ANONYMOUS: frozenset(Role),
    Permission.MARK: _DECIDING | {Role.MARKER},
    Permission.RUN_EXAMS: _DECIDING,
    Permission.OPERATE: _STAFF,
    Permission.MANAGE_ACCOUNTS: frozenset({Role.ADMIN}),
    Permission.FORCE_UNLOCK: _DECIDING,
    Permission.DIRECT: _DECIDING,
}
"""A marker has nothing by which copies would not be anonymous any more."""


SHOWN_TO_ALL = ("state", "method")
"""Of an identity decision, what does not tell whose a copy is."""


def shown_to_all(details: Mapping[str, Any]) -> dict[str, Any]:
    """What an IDENTIFY event shows to those who may not see identities."""
    return {key: details[key] for key in SHOWN_TO_ALL if key in details}


def may(role: Role, permission: Permission) -> bool:
    """Whether the role has the permission."""
    return role in ALLOWED[permission]
