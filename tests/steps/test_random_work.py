"""Whatever people do in whatever order: one event for each change, none for a refusal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.db.marking import NOTE, TTL_S, hold_of, store_account
from tests.steps.benches import count_rows, import_exam, list_copies
from tests.steps.readings import identify_as
from viatique.db.dispatch import Mode
from viatique.db.locks import Hold, Lock
from viatique.db.marking import Scored
from viatique.errors import ViatiqueError
from viatique.inline import run_finalize
from viatique.lifecycle import CopyStatus, ReopenReason, UnlockReason
from viatique.models import CopyId, ExamId, StudentId
from viatique.run import Run, new_run
from viatique.seal_files import seal_files_of
from viatique.steps import mark_copy
from viatique.steps.dispatch_copies import dispatch_copies
from viatique.steps.erase import erase_student
from viatique.steps.locks import Refused, acquire, force_release, release
from viatique.steps.merge_copies import merge_copies
from viatique.steps.release_results import release_results
from viatique.steps.reopen import reopen_copy
from viatique.steps.settle import confirm_identity
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

RUN = new_run("coordinator")
ANNE, BRUNO = ("Alpha", "Anne"), ("Beta", "Bruno")
COPIES = 3
NO_TOKEN = "none"  # noqa: S105


@dataclass
class Work:
    """An exam, its markers, and the locks they were given. Each deed returns the events it owes."""

    bench: Workbench
    exam_id: ExamId
    copy_ids: list[CopyId]
    markers: list[Run]
    locks: dict[CopyId, tuple[Run, Hold]] = field(default_factory=dict)
    is_dispatched: bool = False

    def lock(self, number: int, marker: Run) -> int:
        copy_id = self.copy_ids[number]
        taken = acquire(self.bench.database, marker, copy_id, ttl_s=TTL_S)
        if isinstance(taken, Lock):
            self.locks[copy_id] = (marker, hold_of(taken))
        return _owed(taken)

    def unlock(self, number: int, marker: Run) -> int:
        who, hold = self._held(number, marker)
        return _owed(release(self.bench.database, who, hold))

    def take_away(self, number: int, _marker: Run) -> int:
        reason = UnlockReason.MISTAKE
        return _owed(force_release(self.bench.database, RUN, self.copy_ids[number], reason))

    def score(self, number: int, marker: Run) -> int:
        who, hold = self._held(number, marker)
        owed = 0
        for question in ("1", "2"):
            known = {
                scored.question: scored.version
                for scored in mark_copy.marks_of(self.bench.database, who, hold.copy_id).scores
            }
            scored = Scored(
                question=question, points=Decimal(number), version=known.get(question, 0)
            )
            owed += _owed(mark_copy.put_score(self.bench.database, who, hold, scored))
        return owed

    def score_blindly(self, number: int, marker: Run) -> int:
        who, hold = self._held(number, marker)
        scored = Scored(question="1", points=Decimal(1))
        return _owed(mark_copy.put_score(self.bench.database, who, hold, scored))

    def annotate(self, number: int, marker: Run) -> int:
        who, hold = self._held(number, marker)
        return _owed(mark_copy.create_annotation(self.bench.database, who, hold, NOTE))

    def finalize(self, _number: int, _marker: Run) -> int:
        before = self._graded()
        run_finalize(self.bench, self.exam_id)
        return self._graded() - before

    def reopen(self, number: int, _marker: Run) -> int:
        reopen_copy(self.bench.database, RUN, self.copy_ids[number], ReopenReason.APPEAL)
        return 1

    def dispatch(self, _number: int, _marker: Run) -> int:
        changed = dispatch_copies(self.bench.database, RUN, self.exam_id, Mode()).changed
        is_first, self.is_dispatched = not self.is_dispatched, True
        return changed + is_first

    def publish(self, number: int, _marker: Run) -> int:
        is_released = number != 1
        return release_results(self.bench.database, RUN, self.exam_id, is_released=is_released)

    def confirm(self, number: int, _marker: Run) -> int:
        before = self._identities()
        copy_id = self.copy_ids[number]
        confirm_identity(self.bench.database, RUN, copy_id, StudentId(f"S{number % 2 + 1}"))
        return 1 + self._changed_since(before, copy_id)

    def merge(self, _number: int, _marker: Run) -> int:
        before = self._identities()
        keep, other = self.copy_ids[0], self.copy_ids[2]
        merge_copies(
            self.bench.database, self.bench.store, RUN, keep, other, student_id=StudentId("S1")
        )
        return 3 + self._changed_since(before, keep)

    def erase(self, _number: int, _marker: Run) -> int:
        erased = erase_student(self.bench, RUN, self.exam_id, StudentId("S2"))
        return max(1, len(erased.copies))

    def _identities(self) -> dict[CopyId, tuple[object, object]]:
        return {
            copy.copy_id: (copy.identity, copy.student_id)
            for copy in list_copies(self.bench, self.exam_id)
        }

    def _changed_since(self, before: dict[CopyId, tuple[object, object]], but: CopyId) -> int:
        """How many other copies lost their student to this one."""
        now = self._identities()
        return sum(now[copy_id] != before[copy_id] for copy_id in now if copy_id != but)

    def _held(self, number: int, marker: Run) -> tuple[Run, Hold]:
        """The last lock of the copy, also one that is gone; a made-up one where there was none."""
        copy_id = self.copy_ids[number]
        return self.locks.get(copy_id, (marker, Hold(copy_id=copy_id, token=NO_TOKEN)))

    def _graded(self) -> int:
        copies = list_copies(self.bench, self.exam_id)
        return sum(copy.status is CopyStatus.GRADED for copy in copies)


Deed = Callable[[Work, int, Run], int]
DEEDS: tuple[Deed, ...] = (
    Work.lock, Work.unlock, Work.take_away, Work.score, Work.score_blindly, Work.annotate,
    Work.finalize, Work.reopen, Work.dispatch, Work.publish,
    Work.confirm, Work.merge, Work.erase,
)  # fmt: skip


MARKING: tuple[Deed, ...] = (Work.lock, Work.score, Work.annotate, Work.finalize)
WHOLE_WAY: tuple[Deed, ...] = (
    Work.publish, Work.confirm, Work.lock, Work.lock, Work.take_away, Work.score,
    Work.lock, Work.score_blindly, Work.score, Work.annotate, Work.unlock, Work.finalize,
    Work.merge, Work.reopen, Work.merge, Work.dispatch, Work.erase, Work.finalize,
)  # fmt: skip
"""Each deed is accepted once, some are refused before."""


def _owed(outcome: object) -> int:
    return 0 if isinstance(outcome, Refused) else 1


def _count(bench: Workbench) -> int:
    return count_rows(bench)["audit_event"]


def _findings(bench: Workbench) -> tuple[object, ...]:
    return verify_audit(bench.database, seal_files_of(bench.settings)).findings


def _begun(bench: Workbench, folder: Path, markers: list[Run]) -> Work:
    """An exam of which a student seems to have written two copies."""
    before = _count(bench)
    exam_id = import_exam(bench, folder, count=COPIES)
    assert _count(bench) - before == 2 + 2 * COPIES  # the exam, the scan
    copy_ids = [copy.copy_id for copy in list_copies(bench, exam_id)]
    identify_as(bench, dict(zip(copy_ids, (ANNE, BRUNO, ANNE), strict=True)))
    assert _count(bench) - before == 2 + 3 * COPIES
    return Work(bench, exam_id, copy_ids, markers)


def _do(work: Work, deed: Deed, number: int, marker: Run) -> None:
    before = _count(work.bench)
    try:
        owed = deed(work, number, marker)
    except ViatiqueError:
        owed = 0
    assert _count(work.bench) - before == owed, deed.__name__


def test_each_accepted_change_leaves_one_event(bench: Workbench, tmp_path: Path) -> None:
    markers = [store_account(bench.database, f"U0000000{letter}") for letter in "AB"]
    done: set[str] = set()

    each = st.tuples(
        st.sampled_from(DEEDS + MARKING * 3),
        st.integers(0, COPIES - 1),
        st.sampled_from(markers),
    )

    @settings(max_examples=6, derandomize=True, database=None)
    @example([(deed, 0, markers[0]) for deed in WHOLE_WAY])
    @given(st.lists(each, min_size=20, max_size=40))
    def each_deed_owes_its_events(deeds: list[tuple[Deed, int, Run]]) -> None:
        work = _begun(bench, tmp_path / "exam", markers)
        for deed, number, marker in deeds:
            before = _count(bench)
            _do(work, deed, number, marker)
            if _count(bench) > before:
                done.add(deed.__name__)
        assert _findings(bench) == ()

    each_deed_owes_its_events()
    assert done == {deed.__name__ for deed in DEEDS}
