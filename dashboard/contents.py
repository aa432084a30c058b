"""Which pages there are, in which groups, and for whom."""

from collections.abc import Callable
from typing import NamedTuple

from dashboard.page import Visit
from dashboard.views import (
    audit,
    copies,
    copy,
    exams,
    identify,
    marking,
    operations,
    quarantine,
    results,
    todo,
    users,
)
from viatique.access import Permission


class Entry(NamedTuple):
    """A page: its name in the address, what shows it, and what one must be allowed to see it."""

    name: str
    show: Callable[[Visit], None]
    permission: Permission
    is_listed: bool = True


GROUPS: dict[str, tuple[Entry, ...]] = {
    "": (Entry("todo", todo.show, Permission.VIEW_COPIES),),
    "group_exams": (
        Entry("exams", exams.show, Permission.RUN_EXAMS),
        Entry("copies", copies.show, Permission.VIEW_COPIES),
        Entry("copy", copy.show, Permission.VIEW_COPIES, is_listed=False),
        Entry("results", results.show, Permission.VIEW_COPIES),
    ),
    "group_desks": (
        Entry("identify", identify.show, Permission.VIEW_IDENTITY),
        Entry("quarantine", quarantine.show, Permission.VIEW_IDENTITY),
        Entry("marking", marking.show, Permission.MARK),
    ),
    "group_watch": (
        Entry("audit", audit.show, Permission.VIEW_AUDIT),
        Entry("operations", operations.show, Permission.OPERATE),
        Entry("users", users.show, Permission.MANAGE_ACCOUNTS),
    ),
}
"""Pages by the group they are listed in; the first one a visitor may see is the home page."""
