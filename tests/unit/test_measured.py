"""Labels of what is measured: each thing has one, and no other is exported."""

import pytest

from viatique.errors import (
    DatabaseFault,
    EngineFailure,
    EngineTimeout,
    StoredFileCorrupt,
    UnreadablePdf,
    ViatiqueError,
    WeightsInvalid,
)
from viatique.measured import OcrError, ocr_error, pages_bucket, retry_attempt


@pytest.mark.parametrize(
    ("pages", "bucket"),
    [(1, "1-10"), (10, "1-10"), (11, "11-50"), (50, "11-50"), (51, "51-100"), (101, "100+")],
)
def test_a_scan_belongs_to_one_bucket_of_pages(pages: int, bucket: str) -> None:
    assert pages_bucket(pages) == bucket


@pytest.mark.parametrize(("retries", "label"), [(0, "1"), (1, "2"), (2, "3+"), (9, "3+")])
def test_attempts_are_counted_from_one(retries: int, label: str) -> None:
    assert retry_attempt(retries) == label


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (EngineTimeout, OcrError.TIMEOUT),
        (EngineFailure, OcrError.ENGINE),
        (WeightsInvalid, OcrError.ENGINE),
        (UnreadablePdf, OcrError.INVALID_PDF),
        (StoredFileCorrupt, OcrError.INVALID_PDF),
        (DatabaseFault, OcrError.UNKNOWN),
    ],
)
def test_each_ocr_failure_has_its_label(kind: type[ViatiqueError], label: OcrError) -> None:
    assert ocr_error(kind("what")) is label
