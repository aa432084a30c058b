"""Markers, clocks, finalize and coordinators in any order, beside a model of what must come of it.

The model is the smallest that says what the contract says: one copy, who holds it, what is written.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.db.marking import (
    NOTE,
    TTL_S,
    actions_of,
    count_conflicts,
    expire,
    is_held,
    move,
    store_account,
    store_ready,
)
from tests.db.stored import RUN
from viatique.db import claims, copies
from viatique.db.dispatch import Mode
from viatique.db.exams import find_exam
from viatique.db.locks import Hold, Lock
from viatique.db.marking import Appreciation, Draft, Scored
from viatique.db.pool import Database
from viatique.errors import Forbidden
from viatique.lifecycle import (
    MARKABLE,
    Action,
    CopyStatus,
    LockConflict,
    Move,
    ReopenReason,
    UnlockReason,
)
from viatique.models import ExamId
from viatique.run import Run
from viatique.steps import mark_copy as step
from viatique.steps.dispatch_copies import dispatch_copies, take_next
from viatique.steps.locks import Refused, acquire, force_release, heartbeat, release
from viatique.steps.release_results import release_results
from viatique.steps.reopen import reopen_copy

WHO = st.sampled_from(["UA", "UB"])
AGE = st.sampled_from([0, 0, 0, 1, -1])
"""How far the version somebody knows lies behind the stored one; mostly it does not."""
FRESH = st.sampled_from([True, True, True, False])
"""Whether the token shown is the last one given to that marker."""


@dataclass
class Model:
    """What must be stored."""

    status: CopyStatus = CopyStatus.READY
    owner: str | None = None
    token: UUID | None = None
    is_live: bool = False
    score: Scored = field(default_factory=lambda: Scored(question="1"))
    text: Appreciation = field(default_factory=Appreciation)
    notes: dict[int, int] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    events: list[Action] = field(default_factory=list)
    conflicts: int = 0
    is_dispatched: bool = False
    assigned: str | None = None
    is_released: bool = False

    def keeps_out(self, who: str) -> bool:
        """Whether the copy is the other marker's, and this one does not hold it."""
        is_holder = self.is_live and self.owner == who
        return self.is_dispatched and self.assigned != who and not is_holder

    @property
    def is_touched(self) -> bool:
        written = self.score.version, self.text.text, self.notes, self.drafts
        return self.is_live or any(written)

    def refuses(self, who: str, token: UUID) -> LockConflict | None:
        if self.status not in MARKABLE:
            return LockConflict.ALREADY_GRADED
        if self.owner is None:
            return LockConflict.MISSING
        if self.owner != who:
            return LockConflict.OWNER_MISMATCH
        if self.token != token:
            return LockConflict.TOKEN_MISMATCH
        return None if self.is_live else LockConflict.EXPIRED

    def refuses_lock(self, who: str, *, take_over: bool) -> LockConflict | None:
        if self.status not in MARKABLE:
            return LockConflict.ALREADY_GRADED
        if not self.is_live or (self.owner == who and take_over):
            return None
        return LockConflict.ALREADY_LOCKED


class Marking(RuleBasedStateMachine):
    """One copy, two markers."""

    database: Database
    runs: dict[str, Run]

    @initialize()
    def begin(self) -> None:
        (self.copy_id,) = store_ready(self.database)
        self.exam_id = ExamId(self.copy_id[:6])
        self.model = Model(conflicts=sum(count_conflicts(self.database).values()))
        self.tokens = dict.fromkeys(self.runs, uuid4())
        self.written = 0

    def hold(self, who: str, *, fresh: bool = True) -> Hold:
        return Hold(copy_id=self.copy_id, token=self.tokens[who] if fresh else uuid4())

    def refused(self, answer: object, conflict: LockConflict | None) -> bool:
        """Whether it was refused, as the model says it must be."""
        found = answer.conflict if isinstance(answer, Refused) else None
        assert found == conflict, (found, conflict)
        self.model.conflicts += conflict is not None
        return conflict is not None

    def expected(self, who: str, hold: Hold, age: int) -> LockConflict | None:
        stale = LockConflict.STALE_VERSION if age else None
        return self.model.refuses(who, hold.token) or stale

    @rule(who=WHO, take_over=st.booleans())
    def acquire(self, *, who: str, take_over: bool) -> None:
        run = self.runs[who]
        if self.model.keeps_out(who):
            with pytest.raises(Forbidden):
                acquire(self.database, run, self.copy_id, ttl_s=TTL_S, take_over=take_over)
            return
        answer = acquire(self.database, run, self.copy_id, ttl_s=TTL_S, take_over=take_over)
        if self.refused(answer, self.model.refuses_lock(who, take_over=take_over)):
            return
        assert isinstance(answer, Lock)
        self.tokens[who] = self.model.token = answer.token
        self.model.owner, self.model.is_live = who, True
        self.model.events.append(Action.LOCK)

    @rule(who=WHO, fresh=FRESH)
    def heartbeat(self, *, who: str, fresh: bool) -> None:
        hold = self.hold(who, fresh=fresh)
        answer = heartbeat(self.database, self.runs[who], hold, ttl_s=TTL_S)
        self.refused(answer, self.model.refuses(who, hold.token))

    @rule(who=WHO, fresh=FRESH)
    def release(self, *, who: str, fresh: bool) -> None:
        hold = self.hold(who, fresh=fresh)
        answer = release(self.database, self.runs[who], hold)
        if not self.refused(answer, self.model.refuses(who, hold.token)):
            self.model.owner, self.model.is_live = None, False
            self.model.events.append(Action.UNLOCK)

    @rule()
    def force(self) -> None:
        answer = force_release(
            self.database, self.runs["UA"], self.copy_id, UnlockReason.MARKER_ABSENT
        )
        gone = LockConflict.MISSING if self.model.owner is None else LockConflict.EXPIRED
        if not self.refused(answer, None if self.model.is_live else gone):
            self.model.owner, self.model.is_live = None, False
            self.model.events.append(Action.FORCE_UNLOCK)

    @rule()
    def time_passes(self) -> None:
        expire(self.database, self.copy_id)
        self.model.is_live = False

    @rule(who=WHO, age=AGE, fresh=FRESH, points=st.sampled_from([None, "1", "2.5"]))
    def score(self, *, who: str, age: int, fresh: bool, points: str | None) -> None:
        hold, stored = self.hold(who, fresh=fresh), self.model.score
        given = Scored(
            question="1",
            points=Decimal(points) if points else None,
            version=stored.version - age,
        )
        if self.model.keeps_out(who):
            with pytest.raises(Forbidden):
                step.put_score(self.database, self.runs[who], hold, given)
            return
        answer = step.put_score(self.database, self.runs[who], hold, given)
        if self.refused(answer, self.expected(who, hold, age)):
            assert isinstance(answer, Refused)
            is_stale = answer.conflict is LockConflict.STALE_VERSION
            assert answer.current == (stored if is_stale else None)
            return
        self.model.score = replace(given, version=stored.version + 1)
        self.model.events.append(Action.SCORE)

    @rule(who=WHO, age=AGE, fresh=FRESH, text=st.sampled_from(["", "Bien"]))
    def appreciate(self, *, who: str, age: int, fresh: bool, text: str) -> None:
        hold, stored = self.hold(who, fresh=fresh), self.model.text
        given = Appreciation(text=text, version=stored.version - age)
        if self.model.keeps_out(who):
            with pytest.raises(Forbidden):
                step.put_appreciation(self.database, self.runs[who], hold, given)
            return
        answer = step.put_appreciation(self.database, self.runs[who], hold, given)
        if not self.refused(answer, self.expected(who, hold, age)):
            self.model.text = replace(given, version=stored.version + 1)
            self.model.events.append(Action.SCORE)

    @rule(who=WHO, fresh=FRESH)
    def annotate(self, *, who: str, fresh: bool) -> None:
        hold = self.hold(who, fresh=fresh)
        answer = step.create_annotation(self.database, self.runs[who], hold, NOTE)
        if not self.refused(answer, self.model.refuses(who, hold.token)):
            assert not isinstance(answer, Refused)
            self.model.notes[answer.annotation_id] = 1
            self.model.events.append(Action.CREATE_ANN)

    @precondition(lambda self: self.model.notes)
    @rule(who=WHO, age=AGE, fresh=FRESH, data=st.data())
    def change_note(self, *, who: str, age: int, fresh: bool, data: st.DataObject) -> None:
        if self.model.keeps_out(who):
            return
        hold, note = self.hold(who, fresh=fresh), data.draw(st.sampled_from([*self.model.notes]))
        known = self.model.notes[note] - age
        changed = step.StoredAnnotation(annotation_id=note, annotation=NOTE, version=known)
        answer = step.update_annotation(self.database, self.runs[who], hold, changed)
        if not self.refused(answer, self.expected(who, hold, age)):
            self.model.notes[note] += 1
            self.model.events.append(Action.UPDATE_ANN)

    @precondition(lambda self: self.model.notes)
    @rule(who=WHO, age=AGE, fresh=FRESH, data=st.data())
    def delete_note(self, *, who: str, age: int, fresh: bool, data: st.DataObject) -> None:
        if self.model.keeps_out(who):
            return
        hold, note = self.hold(who, fresh=fresh), data.draw(st.sampled_from([*self.model.notes]))
        known = self.model.notes[note] - age
        answer = step.delete_annotation(self.database, self.runs[who], hold, note, version=known)
        if not self.refused(answer, self.expected(who, hold, age)):
            del self.model.notes[note]
            self.model.events.append(Action.DELETE_ANN)

    @rule(who=WHO, age=AGE, fresh=FRESH)
    def draft(self, *, who: str, age: int, fresh: bool) -> None:
        hold, stored = self.hold(who, fresh=fresh), self.model.drafts.get(who, Draft())
        self.written += 1
        given = Draft(content={"n": self.written}, version=stored.version - age)
        answer = step.save_draft(self.database, self.runs[who], hold, given)
        if not self.refused(answer, self.expected(who, hold, age)):
            self.model.drafts[who] = replace(given, version=stored.version + 1)

    @precondition(lambda self: self.model.status in MARKABLE)
    @rule()
    def finalize_starts(self) -> None:
        with self.database.transaction() as connection:
            exam_id = copies.find_copy(connection, self.copy_id).exam_id
            found = claims.list_gradable(
                connection, exam_id, leaves=["1"], run=self.runs["UA"], limit=1
            )
        is_due = not self.model.is_live and self.model.score.points is not None
        assert found == ([self.copy_id] if is_due else [])
        if is_due:
            move(self.database, self.copy_id, Move.START_GRADING)
            self.model.status = CopyStatus.GRADING_IN_PROGRESS

    @precondition(lambda self: self.model.status is CopyStatus.GRADING_IN_PROGRESS)
    @rule(done=st.booleans())
    def finalize_ends(self, *, done: bool) -> None:
        move(self.database, self.copy_id, Move.FINISH_GRADING if done else Move.FAIL_GRADING)
        self.model.status = CopyStatus.GRADED if done else CopyStatus.GRADING_FAILED
        self.model.events.append(Action.FINALIZE)

    @precondition(lambda self: self.model.status is CopyStatus.GRADED)
    @rule()
    def reopen(self) -> None:
        reopen_copy(self.database, self.runs["UA"], self.copy_id, ReopenReason.APPEAL)
        self.model.status = CopyStatus.READY
        self.model.events.append(Action.REOPEN)

    @rule(to=WHO)
    def dispatch(self, *, to: str) -> None:
        done = dispatch_copies(
            self.database, RUN, self.exam_id, Mode(), markers=[to], is_rebalanced=True
        )
        model = self.model
        is_free = model.assigned is None or (model.assigned != to and not model.is_touched)
        is_moved = model.status is CopyStatus.READY and is_free
        model.is_dispatched = True
        assert done.changed == is_moved
        if is_moved:
            model.assigned = to
            model.events.append(Action.DISPATCH)

    @rule(who=WHO)
    def take_next(self, *, who: str) -> None:
        lock = take_next(self.database, self.runs[who], self.exam_id, ttl_s=TTL_S)
        model = self.model
        is_mine = not model.is_dispatched or model.assigned == who
        is_due = model.status in MARKABLE and is_mine and not model.is_live
        assert (lock is not None) == is_due
        if lock:
            self.tokens[who] = model.token = lock.token
            model.owner, model.is_live = who, True
            model.events.append(Action.LOCK)

    @rule(is_released=st.booleans())
    def release_or_withdraw(self, *, is_released: bool) -> None:
        done = release_results(self.database, RUN, self.exam_id, is_released=is_released)
        assert done == (is_released != self.model.is_released)
        self.model.is_released = is_released

    @invariant()
    def what_is_stored_is_what_was_accepted(self) -> None:
        if not hasattr(self, "model"):
            return
        stored = step.marks_of(self.database, RUN, self.copy_id)
        assert (stored.scores or (Scored(question="1"),)) == (self.model.score,)
        assert stored.appreciation == self.model.text
        assert {item.annotation_id: item.version for item in stored.annotations} == self.model.notes
        for who, run in self.runs.items():
            found = step.load_draft(self.database, run, self.copy_id)
            assert found == self.model.drafts.get(who, Draft())
        with self.database.transaction() as connection:
            exam = find_exam(connection, self.exam_id)
        assert (exam.released_at is not None) == self.model.is_released
        assert is_held(self.database, self.copy_id) == self.model.is_live
        assert actions_of(self.database, self.copy_id) == self.model.events
        assert sum(count_conflicts(self.database).values()) == self.model.conflicts


def test_any_order_of_things_ends_as_the_model_says(database: Database) -> None:
    class OnThisDatabase(Marking):
        pass

    OnThisDatabase.database = database
    OnThisDatabase.runs = {name: store_account(database, name) for name in ("UA", "UB")}
    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
