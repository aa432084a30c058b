"""Header readings as the recogniser would have left them, without running it."""

from collections.abc import Mapping

import numpy as np

from tests.unit.posteriors import posteriors
from viatique.db.identities import insert_reading
from viatique.files import Kind
from viatique.identity.name_variants import fold_letters
from viatique.inline import run_identify
from viatique.models import CopyId, ExamId, FieldName, FieldReading, FieldState, HeaderReading
from viatique.ocr import evidence
from viatique.run import new_run
from viatique.workbench import Workbench

Names = tuple[str, str]
"""Last and first name as written in a header; empty strings for an empty field."""


def give_readings(bench: Workbench, written: Mapping[CopyId, Names]) -> None:
    """Stores what was read in each copy's header."""
    for copy_id, names in written.items():
        sha256 = bench.store.put(evidence.to_bytes(header_of(names)), Kind.READING)
        with bench.database.transaction() as connection:
            insert_reading(connection, copy_id, sha256=sha256, engine="fake", run=new_run())


def header_of(written: Names) -> HeaderReading:
    """What would have been read where this is written."""
    last_name, first_name = written
    fields = (
        _field(FieldName.LAST_NAME, last_name),
        _field(FieldName.FIRST_NAME, first_name),
    )
    return HeaderReading(fields=fields, engine="fake")


def identify_as(bench: Workbench, written: Mapping[CopyId, Names]) -> None:
    """Identifies an exam from what was written on all its copies that were not read yet."""
    give_readings(bench, written)
    run_identify(bench, ExamId(next(iter(written)).rpartition("-")[0]))


def _field(name: FieldName, word: str) -> FieldReading:
    if not word:
        nothing = np.zeros((0, 27), np.float32)
        return FieldReading(name=name, state=FieldState.EMPTY, log_probs=nothing)
    return FieldReading(
        name=name, state=FieldState.READ, log_probs=posteriors(fold_letters(word)), text=word
    )
