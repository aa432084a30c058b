"""The comment bank of an exam. Nobody can tell from it who thought of a comment."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from viatique.api.callers import Marker
from viatique.api.parts import parts_of
from viatique.api.paths import LARGEST_ID, PAGE_SIZE, PREFIX, ExamPath, Limit
from viatique.api.shapes import Points, Shape, Text
from viatique.db.comments import BankComment
from viatique.steps import comment_bank

router = APIRouter(prefix=PREFIX, tags=["comment bank"])

LONGEST = 500
"""As ``bank_comment_has_text`` has it."""

CommentPath = Annotated[int, Path(ge=0, le=LARGEST_ID)]
Words = Annotated[Text, AfterValidator(str.strip), Field(min_length=1, max_length=LONGEST)]


class CommentIn(Shape):
    text: Words = Field(examples=["Il manque l'unité."])
    points: Points | None = Field(default=None, examples=["-0.25"])


class CommentOut(Shape):
    id: int
    text: str
    points: Points | None

    @classmethod
    def of(cls, kept: BankComment) -> "CommentOut":
        return cls(id=kept.comment_id, text=kept.text, points=kept.points)


class CommentsOut(Shape):
    items: list[CommentOut]
    next: int | None = Field(description="The cursor of the next page; null on the last.")


@router.get("/exams/{exam_id}/comments", response_model=CommentsOut)
def comments(
    request: Request,
    _caller: Marker,
    exam_id: ExamPath,
    limit: Limit = PAGE_SIZE,
    cursor: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
) -> object:
    """The comments kept for an exam, oldest first."""
    found = comment_bank.list_bank(parts_of(request).database, exam_id, after=cursor, limit=limit)
    items = [CommentOut.of(kept) for kept in found]
    return CommentsOut(items=items, next=items[-1].id if len(items) == limit else None)


@router.post("/exams/{exam_id}/comments", response_model=CommentOut, status_code=201)
def keep(request: Request, caller: Marker, exam_id: ExamPath, body: CommentIn) -> object:
    """Keep a comment; the same words twice are one comment."""
    database = parts_of(request).database
    kept = comment_bank.keep_comment(database, caller.run, exam_id, body.text, body.points)
    return CommentOut.of(kept)


@router.delete("/exams/{exam_id}/comments/{comment_id}", status_code=204, response_class=Response)
def drop(request: Request, caller: Marker, exam_id: ExamPath, comment_id: CommentPath) -> Response:
    """Drop a comment from the bank; copies keep theirs."""
    comment_bank.drop_comment(parts_of(request).database, caller.run, exam_id, comment_id)
    return Response(status_code=204)
