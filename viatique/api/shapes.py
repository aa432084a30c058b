"""What the API takes and gives, as JSON. Points are exact decimals, written as strings."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from viatique.db.annotations import StoredAnnotation
from viatique.db.audit import AuditEvent
from viatique.db.exams import Exam
from viatique.db.listings import ListedCopy
from viatique.db.locks import Lock
from viatique.db.marking import Appreciation, Draft, Scored
from viatique.lifecycle import Action, CopyStatus, UnlockReason
from viatique.marking.marks_file import REMARK_LIMIT, AnnotationItem, Fraction
from viatique.marking.scoring import walk, weight
from viatique.models import AnnotationKind, IdentityState

DRAFT_BYTES = 256 * 1024
STROKES, STROKE_POINTS = 200, 2000
PLACES = 6
"""Digits of a fraction of a page that are given back: a thousandth of a pixel."""
LARGEST = 2**31 - 1


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the character U+0000 cannot be stored")
    return text


def _storable(content: dict[str, Any]) -> dict[str, Any]:
    try:
        data = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeEncodeError, ValueError, RecursionError):
        raise ValueError("not JSON that can be stored") from None
    if len(data) > DRAFT_BYTES:
        raise ValueError(f"longer than {DRAFT_BYTES} bytes")
    if b"\\u0000" in data:
        raise ValueError("the character U+0000 cannot be stored")
    return content


Text = Annotated[str, Field(max_length=REMARK_LIMIT), AfterValidator(_no_nul)]
Points = Annotated[Decimal, Field(ge=-1000, le=1000, max_digits=8, decimal_places=4)]
Version = Annotated[int, Field(ge=0, le=LARGEST, description="The version you know; 0: none yet.")]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    """An error, as RFC 9457 has it; the type ends in its code."""

    type: str = Field(examples=["urn:viatique:problem:stale_version"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["Somebody wrote in between: see `current`."])
    current: Any = Field(default=None, description="What is stored; for stale_version.")
    errors: list[dict[str, str]] = Field(default_factory=list)


class QuestionOut(Shape):
    id: str = Field(examples=["1.a"])
    label: str
    depth: int
    maximum: Decimal
    takes_points: bool


class ExamOut(Shape):
    id: str = Field(examples=["E7K3M9"])
    name: str = Field(examples=["Bac blanc de mathématiques"])
    date: date | None
    total: Decimal = Field(examples=["20"])
    step: Decimal = Field(examples=["0.25"])
    released: bool = Field(description="Whether its results may leave.")
    questions: list[QuestionOut]

    @classmethod
    def of(cls, exam: Exam) -> "ExamOut":
        questions = [
            QuestionOut(
                id=node.question_id,
                label=node.label,
                depth=depth,
                maximum=weight(node),
                takes_points=node.points is not None,
            )
            for depth, node in walk(exam.scheme.questions)
        ]
        return cls(
            id=exam.exam_id,
            name=exam.name,
            date=exam.exam_date,
            total=exam.scheme.total,
            step=exam.scheme.step,
            released=exam.released_at is not None,
            questions=questions,
        )


class ExamsOut(Shape):
    items: list[ExamOut]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class CopyOut(Shape):
    """A copy; ``identity`` and ``student`` are there for those who may see identities."""

    id: str = Field(examples=["E7K3M9-0001"])
    pages: int
    status: CopyStatus
    locked: bool = Field(description="Somebody is marking it now.")
    identity: IdentityState | None = None
    student: str | None = None

    @classmethod
    def of(cls, copy: ListedCopy, *, with_identity: bool) -> "CopyOut":
        return cls(
            id=copy.copy_id,
            pages=copy.page_count,
            status=copy.status,
            locked=copy.is_locked,
            identity=copy.identity if with_identity else None,
            student=copy.student_id if with_identity else None,
        )


class CopiesOut(Shape):
    items: list[CopyOut]
    next: int | None = Field(description="The cursor of the next page; null on the last.")


class LockIn(Shape):
    take_over: bool = Field(
        default=False, description="Replace your own lock, held in another tab or by a lost client."
    )


class LockOut(Shape):
    token: UUID = Field(description="Show it as X-Lock-Token with every write.")
    expires_at: datetime

    @classmethod
    def of(cls, lock: Lock) -> "LockOut":
        return cls(token=lock.token, expires_at=lock.expires_at)


class LockStateOut(Shape):
    locked: bool
    mine: bool = False
    account: str | None = None
    expires_at: datetime | None = None


class ForceIn(Shape):
    reason: UnlockReason


class ScoreIn(Shape):
    points: Points | None = Field(examples=["2.5"])
    remark: Text = ""
    version: Version


class ScoreOut(Shape):
    question: str
    points: Decimal | None
    remark: str
    version: int

    @classmethod
    def of(cls, scored: Scored) -> "ScoreOut":
        return cls(
            question=scored.question,
            points=scored.points,
            remark=scored.remark,
            version=scored.version,
        )


class AppreciationIn(Shape):
    text: Text = Field(examples=["Ensemble solide."])
    version: Version


class AppreciationOut(Shape):
    text: str
    version: int

    @classmethod
    def of(cls, appreciation: Appreciation) -> "AppreciationOut":
        return cls(text=appreciation.text, version=appreciation.version)


class DraftIn(Shape):
    content: Annotated[dict[str, JsonValue], AfterValidator(_storable)]
    version: Version


class DraftOut(Shape):
    content: dict[str, JsonValue]
    version: int

    @classmethod
    def of(cls, draft: Draft) -> "DraftOut":
        return cls(content=draft.content, version=draft.version)


class AnnotationIn(AnnotationItem, Shape):
    """As in a marks file: pages count from 0, fractions of the upright page from its top left."""

    page: int = Field(ge=0, le=LARGEST)
    points: Points | None = None
    strokes: Annotated[
        list[Annotated[list[tuple[Fraction, Fraction]], Field(max_length=STROKE_POINTS)]],
        Field(max_length=STROKES),
    ] = Field(default_factory=list)


class AnnotationChange(AnnotationIn):
    version: Version


class AnnotationOut(Shape):
    id: int
    version: int
    page: int
    x: float
    y: float
    w: float
    h: float
    kind: AnnotationKind
    text: str
    points: Decimal | None
    strokes: list[list[tuple[float, float]]]

    @classmethod
    def of(cls, stored: StoredAnnotation) -> "AnnotationOut":
        annotation, rect = stored.annotation, stored.annotation.rect
        return cls(
            id=stored.annotation_id,
            version=stored.version,
            page=annotation.page,
            x=rect.x0,
            y=rect.y0,
            w=round(rect.x1 - rect.x0, PLACES),
            h=round(rect.y1 - rect.y0, PLACES),
            kind=annotation.kind,
            text=annotation.text,
            points=annotation.points,
            strokes=[list(stroke) for stroke in annotation.strokes],
        )


class MarksOut(Shape):
    scores: list[ScoreOut]
    appreciation: AppreciationOut
    annotations: list[AnnotationOut]


class EventOut(Shape):
    id: int
    at: datetime
    action: Action
    actor: str
    request_id: str
    details: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent) -> "EventOut":
        return cls(
            id=event.event_id,
            at=event.at,
            action=event.action,
            actor=event.actor,
            request_id=event.correlation_id,
            details=event.details,
        )


class EventsOut(Shape):
    items: list[EventOut]
    next: int | None = Field(description="The cursor of the next page; null on the last.")
