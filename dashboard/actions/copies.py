"""What is done on the page of a copy."""

from dashboard.core import acting, open_database, store
from viatique.access import Permission
from viatique.models import CopyId
from viatique.steps.page_image import whole_page

PAGE_DPI = 100


def look_at_page(token: str, copy_id: CopyId, page: int) -> bytes:
    """PNG of a page (0-based), whole; leaves an event.

    Raises:
        Forbidden: the account may not.
        NotFound: no such copy or page.
    """
    run = acting(token, Permission.VIEW_IDENTITY)
    return whole_page(open_database(), store(), run, copy_id, page, dpi=PAGE_DPI)
