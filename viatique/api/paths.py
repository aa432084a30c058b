"""Ids as they stand in paths and queries: what has not their form is refused before any query."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query

from viatique.api.shapes import LARGEST
from viatique.db.locks import Hold
from viatique.models import CopyId, ExamId

PREFIX = "/api/v1"
EXAM_FORM = r"^E[0-9A-HJKMNP-TV-Z]{5}$"
COPY_FORM = r"^E[0-9A-HJKMNP-TV-Z]{5}-[0-9]{4,9}$"
LARGEST_ID = 2**63 - 1
PAGE_SIZE, LARGEST_PAGE = 50, 200

ExamPath = Annotated[ExamId, Path(pattern=EXAM_FORM, examples=["E7K3M9"])]
CopyPath = Annotated[CopyId, Path(pattern=COPY_FORM, examples=["E7K3M9-0001"])]
PagePath = Annotated[int, Path(ge=0, le=LARGEST, description="0-based")]
AnnotationPath = Annotated[int, Path(ge=0, le=LARGEST_ID)]
QuestionPath = Annotated[
    str, Path(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$", examples=["1.a"])
]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Cursor = Annotated[int, Query(ge=0, le=LARGEST, description="Number of the last copy seen.")]
LockToken = Annotated[UUID, Header(alias="X-Lock-Token", description="What locking gave.")]


def _hold(copy_id: CopyPath, token: LockToken) -> Hold:
    return Hold(copy_id=copy_id, token=token)


HoldOf = Annotated[Hold, Depends(_hold)]
