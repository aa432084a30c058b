"""What a marker writes on a copy. Every write shows the lock's token and the version it replaces.

A write that comes too late or over another is refused, 409 or 403, with the type of the conflict;
``stale_version`` comes with what is stored.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from viatique.api.callers import Marker
from viatique.api.parts import parts_of
from viatique.api.paths import PREFIX, AnnotationPath, CopyPath, HoldOf, QuestionPath
from viatique.api.problems import refused
from viatique.api.shapes import (
    LARGEST,
    AnnotationChange,
    AnnotationIn,
    AnnotationOut,
    AppreciationIn,
    AppreciationOut,
    DraftIn,
    DraftOut,
    MarksOut,
    ScoreIn,
    ScoreOut,
    Shape,
)
from viatique.db.annotations import StoredAnnotation
from viatique.db.marking import Appreciation, Draft, Scored
from viatique.steps import mark_copy as step
from viatique.steps.locks import Refused

router = APIRouter(prefix=PREFIX, tags=["marking"])


@router.get("/copies/{copy_id}/marks", response_model=MarksOut)
def marks(request: Request, caller: Marker, copy_id: CopyPath) -> object:
    """Scores, remarks, appreciation and annotations of a copy, with their versions."""
    stored = step.marks_of(parts_of(request).database, caller.run, copy_id)
    return MarksOut(
        scores=[ScoreOut.of(scored) for scored in stored.scores],
        appreciation=AppreciationOut.of(stored.appreciation),
        annotations=[AnnotationOut.of(item) for item in stored.annotations],
    )


@router.put("/copies/{copy_id}/scores/{question}", response_model=ScoreOut)
def put_score(
    request: Request, caller: Marker, hold: HoldOf, question: QuestionPath, body: ScoreIn
) -> object:
    """Points and remark of a question."""
    given = Scored(question=question, points=body.points, remark=body.remark, version=body.version)
    return _told(step.put_score(parts_of(request).database, caller.run, hold, given))


@router.put("/copies/{copy_id}/appreciation", response_model=AppreciationOut)
def put_appreciation(
    request: Request, caller: Marker, hold: HoldOf, body: AppreciationIn
) -> object:
    """The remark on the whole copy."""
    given = Appreciation(text=body.text, version=body.version)
    return _told(step.put_appreciation(parts_of(request).database, caller.run, hold, given))


@router.post("/copies/{copy_id}/annotations", response_model=AnnotationOut, status_code=201)
def create_annotation(request: Request, caller: Marker, hold: HoldOf, body: AnnotationIn) -> object:
    """A new annotation."""
    given = body.annotation()
    return _told(step.create_annotation(parts_of(request).database, caller.run, hold, given))


@router.put("/copies/{copy_id}/annotations/{annotation_id}", response_model=AnnotationOut)
def update_annotation(
    request: Request,
    caller: Marker,
    hold: HoldOf,
    annotation_id: AnnotationPath,
    body: AnnotationChange,
) -> object:
    """An annotation in place of the version you know."""
    changed = StoredAnnotation(
        annotation_id=annotation_id, annotation=body.annotation(), version=body.version
    )
    return _told(step.update_annotation(parts_of(request).database, caller.run, hold, changed))


@router.delete(
    "/copies/{copy_id}/annotations/{annotation_id}",
    status_code=204,
    response_class=Response,
    response_model=None,
)
def delete_annotation(
    request: Request,
    caller: Marker,
    hold: HoldOf,
    annotation_id: AnnotationPath,
    version: Annotated[int, Query(ge=0, le=LARGEST)],
) -> object:
    """Delete an annotation of the version you know."""
    refusal = step.delete_annotation(
        parts_of(request).database, caller.run, hold, annotation_id, version=version
    )
    return _told(refusal) if refusal else Response(status_code=204)


@router.get("/copies/{copy_id}/draft", response_model=DraftOut)
def load_draft(request: Request, caller: Marker, copy_id: CopyPath) -> object:
    """Your own draft of a copy; version 0 and empty when there is none."""
    return _shape(step.load_draft(parts_of(request).database, caller.run, copy_id))


@router.put("/copies/{copy_id}/draft", response_model=DraftOut)
def save_draft(request: Request, caller: Marker, hold: HoldOf, body: DraftIn) -> object:
    """Your draft, in place of the version you know."""
    given = Draft(content=body.content, version=body.version)
    return _told(step.save_draft(parts_of(request).database, caller.run, hold, given))


def _told(answer: object) -> Response | Shape | None:
    if isinstance(answer, Refused):
        return refused(answer, _shape(answer.current))
    return _shape(answer)


def _shape(value: object) -> Shape | None:
    match value:
        case Scored():
            return ScoreOut.of(value)
        case Appreciation():
            return AppreciationOut.of(value)
        case StoredAnnotation():
            return AnnotationOut.of(value)
        case Draft():
            return DraftOut.of(value)
        case _:
            return None
