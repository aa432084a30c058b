"""What is done at the quarantine desk: each is one audited step."""

from collections.abc import Sequence

from dashboard.core import acting, open_database, store
from viatique.access import Permission
from viatique.models import CopyId
from viatique.steps import arrange_pages
from viatique.steps.settle import release_from_quarantine


def look_at_pages(token: str, copy_id: CopyId) -> dict[str, bytes | None]:
    """Small pictures of the pages of a copy that can be drawn, by key; leaves an event."""
    run = acting(token, Permission.VIEW_IDENTITY)
    return arrange_pages.thumbnails(open_database(), store(), run, copy_id)


def reorder(token: str, copy_id: CopyId, order: Sequence[str]) -> None:
    """Puts the pages of a copy into another order."""
    run = acting(token, Permission.SETTLE)
    arrange_pages.reorder_pages(open_database(), store(), run, copy_id, order)


def leave_out(token: str, copy_id: CopyId, key: str, *, is_left_out: bool) -> None:
    """Says that a page is blank, or that it is not."""
    run = acting(token, Permission.SETTLE)
    arrange_pages.leave_out_page(
        open_database(), store(), run, copy_id, key, is_left_out=is_left_out
    )


def move(token: str, copy_id: CopyId, key: str, target: CopyId) -> None:
    """Moves a page to another copy of the exam."""
    run = acting(token, Permission.SETTLE)
    arrange_pages.move_page(open_database(), store(), run, copy_id, key, target=target)


def ask_rescan(token: str, copy_id: CopyId, *, is_asked: bool) -> None:
    """Asks for the copy's sheets to be scanned again, or no more."""
    run = acting(token, Permission.SETTLE)
    arrange_pages.ask_rescan(open_database(), run, copy_id, is_asked=is_asked)


def release(token: str, copy_id: CopyId) -> None:
    """Lets a quarantined copy be marked as it is.

    Raises:
        Forbidden: the account may not.
        IllegalTransition: it is no longer in quarantine.
    """
    run = acting(token, Permission.SETTLE)
    release_from_quarantine(open_database(), run, copy_id)
