"""Copies are cut out of their scans in worker processes, and stored beside them.

A store that takes long is no part of a job's time: what a job makes is a file on this machine.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pymupdf

from viatique.db.cuts import Piece
from viatique.errors import EngineFailure, StoreUnavailable, UnreadablePdf, ViatiqueError
from viatique.files import Kind, make_here
from viatique.models import CopyId, Sha256
from viatique.pdf.cut import cut_copy
from viatique.pdf.document import MUPDF_ERRORS
from viatique.steps.held_scan import held_scan
from viatique.workbench import Workbench
from viatique.workers import PDF_TIMEOUT_S

PIECES_PER_JOB = 7
"""A chunk of 50 copies keeps eight processes busy."""

Cut = Sha256 | ViatiqueError
"""A copy's file, or why there is none."""
Outcomes = tuple[dict[CopyId, Sha256], dict[CopyId, ViatiqueError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutJob:
    """Copies to be cut out of one scan, a file on this machine, each into a file of a folder."""

    scan: Path
    pieces: tuple[Piece, ...]
    folder: Path

    def made(self, piece: Piece) -> Path:
        """Where the copy's file is made."""
        return self.folder / piece.copy_id


def cut_copies(bench: Workbench, pieces: Sequence[Piece]) -> Outcomes:
    """The stored PDF of each piece that could be cut, and the errors of the others."""
    try:
        with bench.store.workshop() as folder:
            return _cut_in(folder, bench, pieces)
    except StoreUnavailable as error:
        return {}, {piece.copy_id: error for piece in pieces}


def _cut_in(folder: Path, bench: Workbench, pieces: Sequence[Piece]) -> Outcomes:
    """The pieces of a job whose process was lost are tried once more, each alone."""
    cut: dict[CopyId, Sha256] = {}
    with ExitStack() as stack:
        scans, errors = _fetched(bench, stack, pieces)
        jobs = _cut_jobs(pieces, scans, folder)
        outcomes = _run(bench, jobs)
        lost = [
            job for job, one in zip(jobs, outcomes, strict=True) if isinstance(one, EngineFailure)
        ]
        alone = [replace(job, pieces=(piece,)) for job in lost for piece in job.pieces]
        outcomes += _run(bench, alone)
    for job, outcome in zip([*jobs, *alone], outcomes, strict=True):
        for index, piece in enumerate(job.pieces):
            result = outcome if isinstance(outcome, ViatiqueError) else outcome[index]
            if isinstance(result, ViatiqueError):
                errors[piece.copy_id] = result
            else:
                cut[piece.copy_id] = result
                errors.pop(piece.copy_id, None)
    return cut, errors


def cut_pieces(job: CutJob) -> tuple[Cut, ...]:
    """Runs in a worker process: cuts each piece; one that fails is its error."""
    with held_scan(job.scan) as scan:
        return tuple(_cut(scan, piece, job.made(piece)) for piece in job.pieces)


def _cut(scan: pymupdf.Document, piece: Piece, made: Path) -> Cut:
    try:
        return make_here(made, cut_copy(scan, piece.placements))
    except ViatiqueError as error:
        return error
    except MUPDF_ERRORS as error:
        return UnreadablePdf(f"Copy {piece.copy_id} cannot be cut ({type(error).__name__}).")


def _fetched(
    bench: Workbench, stack: ExitStack, pieces: Sequence[Piece]
) -> tuple[dict[Sha256, Path], dict[CopyId, ViatiqueError]]:
    """The pieces' scans as local files; those whose scan cannot be had have its error."""
    paths: dict[Sha256, Path] = {}
    errors: dict[CopyId, ViatiqueError] = {}
    for scan in sorted({piece.scan for piece in pieces}):
        try:
            paths[scan] = stack.enter_context(bench.store.local(scan, Kind.SCAN))
        except ViatiqueError as error:
            errors |= {piece.copy_id: error for piece in pieces if piece.scan == scan}
    return paths, errors


def _cut_jobs(pieces: Sequence[Piece], scans: Mapping[Sha256, Path], folder: Path) -> list[CutJob]:
    """A few jobs for each scan: opening it is paid once a job, and every process has work."""
    by_scan = {scan: [piece for piece in pieces if piece.scan == scan] for scan in scans}
    return [
        CutJob(
            scan=scans[scan],
            pieces=tuple(found[start : start + PIECES_PER_JOB]),
            folder=folder,
        )
        for scan, found in by_scan.items()
        for start in range(0, len(found), PIECES_PER_JOB)
    ]


def _run(bench: Workbench, jobs: Sequence[CutJob]) -> list[tuple[Cut, ...] | ViatiqueError]:
    def cut(job: CutJob) -> tuple[Cut, ...]:
        made = bench.pool.run_one(cut_pieces, job, timeout_s=PDF_TIMEOUT_S)
        return tuple(
            _stored(bench, job.made(piece), one)
            for piece, one in zip(job.pieces, made, strict=True)
        )

    return bench.pool.lead(cut, jobs)


def _stored(bench: Workbench, made: Path, cut: Cut) -> Cut:
    try:
        if not isinstance(cut, ViatiqueError):
            bench.store.take(made, cut, Kind.COPY)
    except ViatiqueError as error:
        return error
    return cut
