"""One thing a marker writes on a copy: a score, an overall remark, an annotation, a draft.

Accepted whole or refused with the reason; a stale version is refused with what is stored now, read
while the copy is still kept from others.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from viatique.access import Role
from viatique.db import annotations, marking, readings
from viatique.db.annotations import StoredAnnotation
from viatique.db.copies import Copy, find_copy
from viatique.db.dispatch import Duty
from viatique.db.exams import find_exam
from viatique.db.locks import Hold
from viatique.db.marking import Appreciation, Draft, Scored
from viatique.db.pool import Connection, Database
from viatique.db.readings import OVERALL
from viatique.errors import Forbidden, InvalidInput, NotFound
from viatique.lifecycle import LockConflict
from viatique.marking.dispatch import part_leaves
from viatique.marking.scoring import Scheme, points_problem
from viatique.models import Annotation, CopyId
from viatique.run import Run
from viatique.steps.agree import agree_on
from viatique.steps.locks import Refused, duty_of, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMarks:
    """All that is written on a copy, with versions."""

    scores: tuple[Scored, ...]
    appreciation: Appreciation
    annotations: tuple[StoredAnnotation, ...]


def marks_of(database: Database, run: Run, copy_id: CopyId) -> StoredMarks:
    """What is stored of a copy.

    Raises:
        NotFound: no such copy.
        Forbidden: it is dispatched to other markers than ``run.actor``.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        duty = duty_of(connection, run, copy_id)
        by = run.actor if duty.is_blind else None
        return StoredMarks(
            scores=_list_scores(connection, copy_id, by),
            appreciation=_find_appreciation(connection, copy_id, by),
            annotations=annotations.list_stored(connection, copy_id, by=by),
        )


def put_score(database: Database, run: Run, hold: Hold, scored: Scored) -> Scored | Refused:
    """Stores points and remark of a question in place of version ``scored.version`` (0: none).

    Of a copy that is read twice, a reader's score is theirs alone; what both agree on counts.

    Raises:
        NotFound: no such copy.
        InvalidInput: the scheme has no such question, or not these points for it.
        Forbidden: the copy, or the question, is dispatched to other markers.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, hold.copy_id)
        scheme = find_exam(connection, copy.exam_id).scheme
        _check_points(scheme, scored)
        duty = duty_of(connection, run, hold.copy_id)
        _check_part(duty, scheme, scored.question)
        put = readings.put_reading if duty.is_blind else marking.put_score
        version = put(connection, hold, scored, run=run)
        if isinstance(version, LockConflict):
            by = run.actor if duty.is_blind else None
            find = partial(_find_score, connection, hold.copy_id, by, scored.question)
            return _refuse(connection, run, hold, version, find)
        if duty.mode and duty.is_blind:
            agree_on(connection, hold, scheme, duty.mode, scored.question, run=run)
        return replace(scored, version=version)


def put_appreciation(
    database: Database, run: Run, hold: Hold, appreciation: Appreciation
) -> Appreciation | Refused:
    """Stores the overall remark in place of version ``appreciation.version`` (0: none).

    Raises:
        NotFound: no such copy.
        Forbidden: the copy is dispatched to other markers.
    """
    with database.transaction() as connection:
        find_copy(connection, hold.copy_id)
        duty = duty_of(connection, run, hold.copy_id)
        if duty.is_blind:
            scored = Scored(
                question=OVERALL, remark=appreciation.text, version=appreciation.version
            )
            version = readings.put_reading(connection, hold, scored, run=run)
        else:
            version = marking.put_appreciation(connection, hold, appreciation, run=run)
        if isinstance(version, LockConflict):
            by = run.actor if duty.is_blind else None
            find = partial(_find_appreciation, connection, hold.copy_id, by)
            return _refuse(connection, run, hold, version, find)
        return replace(appreciation, version=version)


def create_annotation(
    database: Database, run: Run, hold: Hold, annotation: Annotation
) -> StoredAnnotation | Refused:
    """Adds an annotation.

    Raises:
        NotFound: no such copy.
        InvalidInput: the copy has no such page.
    """
    with database.transaction() as connection:
        _check_page(find_copy(connection, hold.copy_id), annotation)
        made = annotations.insert_annotation(connection, hold, annotation, run=run)
        if isinstance(made, LockConflict):
            return refuse(connection, run, hold.copy_id, made)
        return StoredAnnotation(annotation_id=made, annotation=annotation, version=1)


def update_annotation(
    database: Database, run: Run, hold: Hold, changed: StoredAnnotation
) -> StoredAnnotation | Refused:
    """Stores an annotation in place of its version ``changed.version``.

    Raises:
        NotFound: no such copy, or it has no such annotation (any more).
        InvalidInput: the copy has no such page.
    """
    with database.transaction() as connection:
        _check_page(find_copy(connection, hold.copy_id), changed.annotation)
        _check_is_own(connection, run, hold, changed.annotation_id)
        version = annotations.update_annotation(connection, hold, changed, run=run)
        if isinstance(version, LockConflict):
            return _refuse_annotation(connection, run, hold, changed.annotation_id, version)
        return replace(changed, version=version)


def delete_annotation(
    database: Database, run: Run, hold: Hold, annotation_id: int, *, version: int
) -> Refused | None:
    """Deletes an annotation whose version is still ``version``.

    Raises:
        NotFound: no such copy, or it has no such annotation (any more).
    """
    with database.transaction() as connection:
        find_copy(connection, hold.copy_id)
        _check_is_own(connection, run, hold, annotation_id)
        gone = annotations.delete_annotation(
            connection, hold, annotation_id, version=version, run=run
        )
        if isinstance(gone, LockConflict):
            return _refuse_annotation(connection, run, hold, annotation_id, gone)
        return None


def save_draft(database: Database, run: Run, hold: Hold, draft: Draft) -> Draft | Refused:
    """Stores the actor's draft of a copy in place of version ``draft.version`` (0: none).

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, hold.copy_id)
        version = marking.put_draft(connection, hold, draft, run=run)
        if isinstance(version, LockConflict):
            find = partial(marking.find_draft, connection, hold.copy_id, run.actor)
            return _refuse(connection, run, hold, version, find)
        return replace(draft, version=version)


def load_draft(database: Database, run: Run, copy_id: CopyId) -> Draft:
    """The actor's own draft of a copy, empty with version 0 when there is none; needs no lock.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        return marking.find_draft(connection, copy_id, run.actor)


def _list_scores(connection: Connection, copy_id: CopyId, by: str | None) -> tuple[Scored, ...]:
    """The scores that count; of a blind reader, only what they gave."""
    if by is None:
        return marking.list_scores(connection, copy_id)
    found = readings.list_readings(connection, copy_id)
    return tuple(
        one.scored for one in found if one.account_id == by and one.scored.question != OVERALL
    )


def _find_score(connection: Connection, copy_id: CopyId, by: str | None, question: str) -> Scored:
    if by is None:
        return marking.find_score(connection, copy_id, question)
    return readings.find_reading(connection, copy_id, by, question)


def _find_appreciation(connection: Connection, copy_id: CopyId, by: str | None) -> Appreciation:
    if by is None:
        return marking.find_appreciation(connection, copy_id)
    found = readings.find_reading(connection, copy_id, by, OVERALL)
    return Appreciation(text=found.remark, version=found.version)


def _refuse(
    connection: Connection,
    run: Run,
    hold: Hold,
    conflict: LockConflict,
    find_current: Callable[[], object],
) -> Refused:
    is_stale = conflict is LockConflict.STALE_VERSION
    current = find_current() if is_stale else None
    return refuse(connection, run, hold.copy_id, conflict, current)


def _refuse_annotation(
    connection: Connection, run: Run, hold: Hold, annotation_id: int, conflict: LockConflict
) -> Refused:
    stored = annotations.find_stored(connection, hold.copy_id, annotation_id)
    if stored is None and conflict is LockConflict.STALE_VERSION:
        raise NotFound(f"Copy {hold.copy_id} has no annotation {annotation_id}.")
    return _refuse(connection, run, hold, conflict, lambda: stored)


def _check_points(scheme: Scheme, scored: Scored) -> None:
    if scored.points is not None:
        problem = points_problem(scheme, scored.question, scored.points)
    else:
        is_known = scored.question in scheme.maximum()
        problem = None if is_known else "the marking scheme has no such question"
    if problem:
        raise InvalidInput(f"These points cannot be given: {problem}.")


def _check_part(duty: Duty, scheme: Scheme, question: str) -> None:
    if duty.mode is None or duty.role is not Role.MARKER or not duty.parts:
        return
    if question not in {leaf for part, leaf in part_leaves(scheme) if part in duty.parts}:
        raise Forbidden("This question is dispatched to other markers.")


def _check_is_own(connection: Connection, run: Run, hold: Hold, annotation_id: int) -> None:
    """Blind readers see and change their own annotations only."""
    if not duty_of(connection, run, hold.copy_id).is_blind:
        return
    if annotations.find_stored(connection, hold.copy_id, annotation_id, by=run.actor) is None:
        raise NotFound(f"Copy {hold.copy_id} has no annotation {annotation_id} of yours.")


def _check_page(copy: Copy, annotation: Annotation) -> None:
    if annotation.page >= copy.page_count:
        raise InvalidInput(
            f"Copy {copy.copy_id} has pages 0 to {copy.page_count - 1}, not {annotation.page}."
        )
