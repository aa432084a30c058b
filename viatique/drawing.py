"""Pages drawn and cut for people, in processes of their own: what a scan does to MuPDF ends there.

Streamlit and the API serve many people; a page that never ends or fills the memory must not stop
them.
"""

import atexit
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viatique.models import Rect
from viatique.pdf.render import render_page, render_png
from viatique.workers import PDF_TIMEOUT_S, Item, Result, WorkerPool

PROCESSES = 2
"""115 MiB each; a page takes 20 to 50 ms (2026-11-25)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is to be drawn, as for ``render_png``."""

    copy_pdf: bytes
    page: int
    dpi: int
    without: tuple[Rect, ...] = ()


def draw_png(copy_pdf: bytes, page: int, *, dpi: int, without: tuple[Rect, ...] = ()) -> bytes:
    """``render_png`` in a process that can be killed.

    Raises:
        UnreadablePdf: the page cannot be rendered.
        EngineFailure: it takes too long or too much memory.
    """
    drawing = Drawing(copy_pdf=copy_pdf, page=page, dpi=dpi, without=without)
    return run_apart(_png, drawing)


def draw_page(copy_pdf: bytes, page: int, *, dpi: int) -> NDArray[np.uint8]:
    """``render_page`` in a process that can be killed; raises as ``draw_png``."""
    drawing = Drawing(copy_pdf=copy_pdf, page=page, dpi=dpi)
    return run_apart(_grey, drawing)


def run_apart(function: Callable[[Item], Result], item: Item) -> Result:
    """What a function of a module returns for an item, in a process that can be killed.

    Raises:
        ViatiqueError: what it raised.
        EngineFailure: it takes too long or too much memory.
    """
    return _pool().run_one(function, item, timeout_s=PDF_TIMEOUT_S)


def _png(drawing: Drawing) -> bytes:
    return render_png(drawing.copy_pdf, drawing.page, dpi=drawing.dpi, without=drawing.without)


def _grey(drawing: Drawing) -> NDArray[np.uint8]:
    return render_page(drawing.copy_pdf, drawing.page, dpi=drawing.dpi)


@functools.cache
def _pool() -> WorkerPool:
    """The processes of this one, started when first needed; they end with it."""
    pool = WorkerPool(PROCESSES, setup=None)
    atexit.register(pool.stop)
    return pool
