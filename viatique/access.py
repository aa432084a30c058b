"""Who may do what. Roles are people's, permissions are what screens and steps ask for."""

from enum import StrEnum


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


_STAFF = frozenset({Role.ADMIN, Role.COORDINATOR, Role.VIEWER})
_DECIDING = frozenset({Role.ADMIN, Role.COORDINATOR})

ALLOWED: dict[Permission, frozenset[Role]] = {
    Permission.VIEW_COPIES: _STAFF,
    Permission.VIEW_AUDIT: _STAFF,
    Permission.VIEW_IDENTITY: _DECIDING,
    Permission.SETTLE: _DECIDING,
}
"""A marker sees nothing here: identities would not be anonymous any more."""


def may(role: Role, permission: Permission) -> bool:
    """Whether the role has the permission."""
    return role in ALLOWED[permission]
