"""One example of every body the API takes and gives, for its OpenAPI; a test holds them true."""

from collections.abc import Mapping
from typing import Any

EXAM, COPY, ACCOUNT = "E7K3M9", "E7K3M9-0001", "U4F2K9QZ1"
TOKEN = "8f14e45f-ceea-467f-a0e6-3f2c1d9b7a51"  # noqa: S105  # an example
AT = "2027-02-06T14:30:00Z"

_QUESTION = {
    "id": "1.a", "label": "Exercice 1 a", "depth": 1, "maximum": "3", "takes_points": True,
}  # fmt: skip
_EXAM = {
    "id": EXAM, "name": "Bac blanc de mathématiques", "date": "2027-02-06", "total": "20",
    "step": "0.25", "released": False, "questions": [_QUESTION],
}  # fmt: skip
_COPY = {"id": COPY, "pages": 4, "status": "READY", "locked": False}
_LOCK = {"token": TOKEN, "expires_at": AT}
_SCORE = {"question": "1.a", "points": "2.5", "remark": "Bien rédigé", "version": 1}
_APPRECIATION = {"text": "Ensemble solide.", "version": 1}
_PLACED = {"page": 0, "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.05}
_NOTE = {**_PLACED, "kind": "COMMENT", "text": "Hérédité à justifier", "points": "-0.5"}
_STORED_NOTE = {**_NOTE, "id": 17, "version": 1, "strokes": []}
_DRAFT = {"content": {"2": "à revoir"}, "version": 1}
_EVENT = {
    "id": 4211, "at": AT, "action": "SCORE", "actor": ACCOUNT,
    "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "details": {"question": "1.a", "points": "2.5", "version": 1},
}  # fmt: skip
_ASSIGNED = {"copy_id": COPY, "status": "READY", "parts": [""], "left": 3, "locked": False}
_UNFINISHED = {"copy_id": COPY, "status": "READY", "missing": ["1.b", "2"], "locked": False}
_READING = {"account": ACCOUNT, "question": "1.a", "points": "2.5", "remark": ""}
_COMMENT = {"text": "Hérédité à justifier", "points": "-0.5"}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "AnnotationChange": {**_NOTE, "version": 1},
    "AnnotationIn": _NOTE,
    "AnnotationOut": _STORED_NOTE,
    "AppreciationIn": _APPRECIATION,
    "AppreciationOut": _APPRECIATION,
    "AssignmentsOut": {"items": [_ASSIGNED], "next": None},
    "CommentIn": _COMMENT,
    "CommentOut": {"id": 3, **_COMMENT},
    "CommentsOut": {"items": [{"id": 3, **_COMMENT}], "next": None},
    "CopiesOut": {"items": [_COPY], "next": 50},
    "CopyOut": _COPY,
    "DisagreementsOut": {
        "items": [{"copy_id": COPY, "question": "1.a", "points": ["1", "2.5"]}],
        "next": None,
    },
    "DispatchIn": {
        "markers": [ACCOUNT], "by_question": False, "readings": 1, "tolerance": "0",
        "rebalance": False,
    },
    "DispatchOut": {"changed": 25, "loads": {ACCOUNT: 25}},
    "DraftIn": _DRAFT,
    "DraftOut": _DRAFT,
    "EventsOut": {"items": [_EVENT], "next": None},
    "ExamOut": _EXAM,
    "ExamsOut": {"items": [_EXAM], "next": None},
    "FiguresOut": {
        "total": 20, "count": 2, "mean": 10, "median": 10, "deviation": 5,
        "quartiles": [7.5, 10, 12.5], "histogram": [{"start": 4, "end": 6, "count": 1}],
        "questions": [{"question": "1.a", "success": 0.6, "discrimination": 0.4}],
        "markers": [{"account": ACCOUNT, "copies": 2, "success": 0.5}],
    },
    "FinalizeOut": {
        "running": True, "ready": 24, "in_progress": 0, "waiting": 1, "graded": 0,
        "unfinished": [_UNFINISHED], "next": None,
    },
    "ForceIn": {"reason": "marker_absent"},
    "LockIn": {"take_over": False},
    "LockOut": _LOCK,
    "LockStateOut": {"locked": True, "mine": True, "account": ACCOUNT, "expires_at": AT},
    "MarksOut": {
        "scores": [_SCORE], "appreciation": _APPRECIATION, "annotations": [_STORED_NOTE],
    },
    "NextIn": {"after": COPY},
    "NextOut": {"copy_id": "E7K3M9-0002", "lock": _LOCK},
    "ReadingsOut": {"items": [_READING]},
    "ReopenIn": {"reason": "appeal"},
    "ScoreIn": {"points": "2.5", "remark": "Bien rédigé", "version": 0},
    "ScoreOut": _SCORE,
}  # fmt: skip
"""By the name of the shape."""


def add_examples(openapi: dict[str, Any]) -> None:
    """Puts each example at its schema."""
    schemas = openapi["components"]["schemas"]
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [dict(example)]
