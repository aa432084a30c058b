"""What the routes of coordinators and of dispatched markers take and give, as JSON."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from viatique.api.paths import COPY_FORM
from viatique.api.shapes import LockOut, Shape
from viatique.db.completeness import Unfinished
from viatique.db.dispatch import AssignedCopy, Mode
from viatique.db.readings import Disagreement, Reading
from viatique.lifecycle import CopyStatus, ReopenReason
from viatique.models import CopyId
from viatique.steps.finalize_request import FinalizeState

AccountId = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,100}$")]


class DispatchIn(Shape):
    markers: list[AccountId] = Field(
        default_factory=list,
        max_length=1000,
        description="Account ids; none: every account that is a marker.",
        examples=[["U4F2K9QZ1"]],
    )
    by_question: bool = Field(
        default=False, description="Whether the questions at the top of the scheme go separately."
    )
    readings: int = Field(
        default=1, ge=1, le=2, description="2: each part is marked by two markers, unseen."
    )
    tolerance: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1000,
        max_digits=8,
        decimal_places=4,
        description="Points two readings of a question may differ by and still agree.",
        examples=["0.5"],
    )
    rebalance: bool = Field(
        default=False, description="Whether copies that nobody touched may move to even the load."
    )

    def mode(self) -> Mode:
        return Mode(
            is_by_question=self.by_question, readings=self.readings, tolerance=self.tolerance
        )


class DispatchOut(Shape):
    changed: int = Field(description="Assignments made or moved.")
    loads: dict[str, int] = Field(
        description="Parts of copies each account has.", examples=[{"U4F2K9QZ1": 25}]
    )


class AssignedOut(Shape):
    """A copy dispatched to you."""

    copy_id: str = Field(examples=["E7K3M9-0001"])
    status: CopyStatus
    parts: list[str] = Field(description="Questions that are yours; one empty text: all of them.")
    left: int = Field(description="Questions you have not marked yet.")
    locked: bool

    @classmethod
    def of(cls, copy: AssignedCopy) -> "AssignedOut":
        return cls(
            copy_id=copy.copy_id,
            status=copy.status,
            parts=list(copy.parts),
            left=copy.left,
            locked=copy.is_locked,
        )


class AssignmentsOut(Shape):
    items: list[AssignedOut]
    next: int | None = Field(description="The cursor of the next page; null on the last.")


class NextIn(Shape):
    after: Annotated[str, StringConstraints(pattern=COPY_FORM)] | None = Field(
        default=None, description="The copy you come from.", examples=["E7K3M9-0001"]
    )

    def copy_after(self) -> CopyId | None:
        return CopyId(self.after) if self.after else None


class NextOut(Shape):
    copy_id: str = Field(examples=["E7K3M9-0002"])
    lock: LockOut


class UnfinishedOut(Shape):
    """A copy that finalize does not take yet, and why."""

    copy_id: str = Field(examples=["E7K3M9-0001"])
    status: CopyStatus
    missing: list[str] = Field(description="Questions without points.", examples=[["1.b", "2"]])
    locked: bool

    @classmethod
    def of(cls, copy: Unfinished) -> "UnfinishedOut":
        return cls(
            copy_id=copy.copy_id,
            status=copy.status,
            missing=list(copy.missing),
            locked=copy.is_locked,
        )


class FinalizeOut(Shape):
    running: bool = Field(description="Whether a run started here goes on.")
    ready: int = Field(description="Copies that finalize takes.")
    in_progress: int
    waiting: int = Field(description="Copies that lack something: `unfinished` says what.")
    graded: int
    unfinished: list[UnfinishedOut]
    next: int | None = Field(description="The cursor of the next page; null on the last.")

    @classmethod
    def of(cls, state: FinalizeState, *, is_running: bool, limit: int) -> "FinalizeOut":
        found = state.unfinished
        return cls(
            running=is_running,
            ready=state.ready,
            in_progress=state.in_progress,
            waiting=state.waiting,
            graded=state.graded,
            unfinished=[UnfinishedOut.of(copy) for copy in found],
            next=found[-1].number if len(found) == limit else None,
        )


class ReopenIn(Shape):
    reason: ReopenReason


class ReadingOut(Shape):
    """What one of two readers gave; the question is empty for the remark on the whole copy."""

    account: str
    question: str = Field(examples=["1.a"])
    points: Decimal | None
    remark: str

    @classmethod
    def of(cls, reading: Reading) -> "ReadingOut":
        scored = reading.scored
        return cls(
            account=reading.account_id,
            question=scored.question,
            points=scored.points,
            remark=scored.remark,
        )


class ReadingsOut(Shape):
    items: list[ReadingOut]


class DisagreementOut(Shape):
    """A question to settle: score it, under a lock, as somebody who is no reader of the copy."""

    copy_id: str = Field(examples=["E7K3M9-0001"])
    question: str = Field(examples=["1.a"])
    points: list[Decimal] = Field(examples=[["2.5", "4"]])

    @classmethod
    def of(cls, found: Disagreement) -> "DisagreementOut":
        return cls(copy_id=found.copy_id, question=found.question, points=list(found.points))


class DisagreementsOut(Shape):
    items: list[DisagreementOut]
    next: int | None = Field(description="The cursor of the next page; null on the last.")
