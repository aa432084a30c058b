"""The part of an import that runs in worker processes: looking at pages, cutting copies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pymupdf

from viatique.errors import ViatiqueError
from viatique.files import Kind, Store
from viatique.models import CopyId, Half, Layout, Placement, Segmentation, Sha256
from viatique.workers import WorkerPool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanJob:
    """All that is needed to find the copies of one scan."""

    store_url: str
    scan: Sha256
    page_count: int
    layout: Layout
    pages_per_copy: int
    segmentation: Segmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A copy to be cut out of a scan."""

    copy_id: CopyId
    scan: Sha256
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutJob:
    """Copies to be cut out of one scan."""

    store_url: str
    scan: Sha256
    pieces: tuple[Piece, ...]
