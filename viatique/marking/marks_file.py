"""Reads marks people wrote, as CSV or JSON, into one value per copy, reporting every problem.

It checks form (numbers, keys, rectangles). Whether a copy or a question exists is checked by
``check_marks`` against values passed in. Remarks may name people: no problem repeats them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from viatique.errors import InvalidMarks, Problem
from viatique.lifecycle import MARKABLE, CopyStatus
from viatique.marking.scoring import Scheme, points_problem
from viatique.models import Annotation, AnnotationKind, CopyId, Rect
from viatique.tables import Row, Table, decode_text, read_table

REMARK_LIMIT = 5_000
"""Longest remark, comment or appreciation, in characters: over two pages of text."""

COLUMNS = {
    "copy": ("copy", "copie", "copy_id"),
    "question": ("question", "exercice"),
    "points": ("points", "note", "score"),
    "remark": ("remark", "remarque", "commentaire", "comment"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyMarks:
    """All that one file says about one copy.

    Attributes:
        line: 1-based line (CSV) or item (JSON) it came from, for messages.
        scores, remarks: by question id; only what the file gives.
        appreciation, annotations: None = the file says nothing, so what is stored stays; a list of
            annotations, even empty, replaces what is stored.
    """

    copy_id: CopyId
    line: int
    scores: dict[str, Decimal] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict, repr=False)
    lines: dict[str, int] = field(default_factory=dict)
    appreciation: str | None = field(default=None, repr=False)
    annotations: tuple[Annotation, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """What marks are checked against: may the copy be marked, and how many pages has it.

    Attributes:
        status: only some let marks change.
        is_held: a marker has it now, so that a file would write over what they see.
    """

    status: CopyStatus
    is_held: bool = False
    page_count: int


def read_marks(data: bytes) -> tuple[CopyMarks, ...]:
    """The marks in a file; JSON when its first character is ``[`` or ``{``, else CSV.

    Raises:
        InvalidMarks: with every problem found, by line (CSV) or item (JSON) and column.
    """
    text = decode_text(data)
    problems: list[Problem] = []
    start = text.lstrip()[:1]
    marks = _from_json(text, problems) if start in {"[", "{"} else _from_csv(data, problems)
    if problems:
        raise invalid_marks(problems)
    return marks


def check_marks(
    marks: tuple[CopyMarks, ...], scheme: Scheme, copies: Mapping[CopyId, CopyFacts]
) -> tuple[Problem, ...]:
    """Everything that keeps these marks from being recorded; empty when all of it may be."""
    return tuple(problem for item in marks for problem in _copy_problems(item, scheme, copies))


def invalid_marks(problems: list[Problem] | tuple[Problem, ...]) -> InvalidMarks:
    """The error that refuses a whole file."""
    return InvalidMarks(
        f"The marks cannot be recorded: {len(problems)} problem(s).",
        next_step="Correct them and try again; nothing was recorded.",
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def _copy_problems(
    item: CopyMarks, scheme: Scheme, copies: Mapping[CopyId, CopyFacts]
) -> Iterator[Problem]:
    facts = copies.get(item.copy_id)
    if facts is None:
        message = "this exam has no such copy; `viatique copies EXAM` lists them"
        yield Problem(line=item.line, column="copy", message=message)
        return
    if facts.status not in MARKABLE:
        message = _unmarkable(item.copy_id, facts.status)
        yield Problem(line=item.line, column="copy", message=message)
    if facts.is_held:
        message = f"a marker has copy {item.copy_id} now; wait, or take its lock away"
        yield Problem(line=item.line, column="copy", message=message)
    for question, points in item.scores.items():
        reason = points_problem(scheme, question, points)
        if reason:
            yield Problem(line=item.lines.get(question, item.line), column="points", message=reason)
    for question in item.remarks.keys() - item.scores.keys() - scheme.maximum().keys():
        line = item.lines.get(question, item.line)
        yield Problem(line=line, column="question", message="the scheme has no such question")
    for annotation in item.annotations or ():
        if annotation.page >= facts.page_count:
            message = f"page {annotation.page} is not one of its pages 0 to {facts.page_count - 1}"
            yield Problem(line=item.line, column="annotations.page", message=message)


def _unmarkable(copy_id: CopyId, status: CopyStatus) -> str:
    match status:
        case CopyStatus.STAGING:
            return (
                f"copy {copy_id} was not cut out of its scan yet;"
                " `viatique import EXAM` goes on with that"
            )
        case CopyStatus.QUARANTINE:
            return f"copy {copy_id} is in quarantine; look at it, then `viatique release {copy_id}`"
        case CopyStatus.GRADED:
            return f"copy {copy_id} is finalized; `viatique reopen {copy_id}` takes it back"
        case _:
            return f"copy {copy_id} is being finalized; wait until that is done"


def _from_csv(data: bytes, problems: list[Problem]) -> tuple[CopyMarks, ...]:
    table = read_table(data)
    columns = _columns(table, problems)
    if problems:
        return ()
    copies: dict[CopyId, CopyMarks] = {}
    for row in table.rows:
        if table.delimiter == "," and row.cells.get(columns["remark"], "").isdigit():
            message = "digits for a remark: a decimal comma needs semicolons between the cells"
            problems.append(Problem(line=row.line, column="remark", message=message))
        _add_row(row, columns, copies, problems)
    return tuple(copies.values())


def _columns(table: Table, problems: list[Problem]) -> dict[str, str]:
    columns = {
        name: next((title for title in titles if title in table.columns), "")
        for name, titles in COLUMNS.items()
    }
    problems.extend(
        Problem(line=1, column=name, message="this column is missing")
        for name in ("copy", "question", "points")
        if not columns[name]
    )
    problems.extend(table.repeated(columns.values()))
    problems.extend(table.problems)
    if not table.rows and not table.problems:
        problems.append(Problem(line=0, column="", message="there are no marks in it"))
    return columns


def _add_row(
    row: Row,
    columns: dict[str, str],
    copies: dict[CopyId, CopyMarks],
    problems: list[Problem],
) -> None:
    cells = {name: row.cells.get(title, "") for name, title in columns.items()}
    copy_id, question = CopyId(cells["copy"]), cells["question"]
    found = list(_row_problems(row.line, cells))
    item = copies.get(copy_id) or CopyMarks(copy_id=copy_id, line=row.line)
    if question in item.lines:
        message = f"the same copy and question as on line {item.lines[question]}"
        found.append(Problem(line=row.line, column="question", message=message))
    problems.extend(found)
    if found:
        return
    copies[copy_id] = item
    item.lines[question] = row.line
    if cells["points"]:
        item.scores[question] = _decimal(cells["points"]) or Decimal(0)
    if cells["remark"]:
        item.remarks[question] = cells["remark"]


def _row_problems(line: int, cells: dict[str, str]) -> Iterator[Problem]:
    for name in ("copy", "question"):
        if not cells[name]:
            yield Problem(line=line, column=name, message="this cell is empty")
    if cells["points"] and _decimal(cells["points"]) is None:
        yield Problem(line=line, column="points", message="not a number: write 2.5 or 2,5")
    if not cells["points"] and not cells["remark"]:
        yield Problem(line=line, column="points", message="neither points nor a remark")
    for name, cell in cells.items():
        if "\x00" in cell:
            yield Problem(line=line, column=name, message="not text")
    if len(cells["remark"]) > REMARK_LIMIT:
        message = f"longer than {REMARK_LIMIT} characters"
        yield Problem(line=line, column="remark", message=message)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ".").replace("\u00a0", "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Written = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Postgres stores no NUL."""
Remark = Annotated[Written, Field(max_length=REMARK_LIMIT)]


class AnnotationItem(BaseModel):
    """An annotation as people and programs write it; pages count from 0."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(ge=0)
    x: Fraction
    y: Fraction
    w: Fraction = 0.0
    h: Fraction = 0.0
    kind: AnnotationKind = AnnotationKind.COMMENT
    text: Remark = ""
    points: Decimal | None = Field(default=None, ge=-1000, le=1000)
    strokes: list[list[tuple[Fraction, Fraction]]] = Field(default_factory=list)

    def annotation(self) -> Annotation:
        """The same as a value; what reaches over the edge of the page ends there."""
        return Annotation(
            page=self.page,
            rect=Rect(
                x0=self.x,
                y0=self.y,
                x1=min(1.0, self.x + self.w),
                y1=min(1.0, self.y + self.h),
            ),
            kind=self.kind,
            text=self.text,
            points=self.points,
            strokes=tuple(tuple(stroke) for stroke in self.strokes),
        )


class _MarksItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    copy_id: Written = Field(alias="copy", min_length=1)
    scores: dict[str, Decimal] = Field(default_factory=dict)
    remarks: dict[Written, Remark] = Field(default_factory=dict)
    appreciation: Remark | None = None
    annotations: list[AnnotationItem] | None = None


_items = TypeAdapter(list[_MarksItem])


def _from_json(text: str, problems: list[Problem]) -> tuple[CopyMarks, ...]:
    try:
        data = json.loads(text, parse_float=Decimal)
        items = _items.validate_python(data if isinstance(data, list) else [data])
    except (RecursionError, ArithmeticError):  # nested or large beyond what is read at all
        problems.append(Problem(line=0, column="", message="not valid JSON"))
        return ()
    except ValidationError as error:
        problems.extend(_json_problems(error))
        return ()
    except ValueError:  # no JSON, or a number of thousands of digits
        problems.append(Problem(line=0, column="", message="not valid JSON"))
        return ()
    _repeated_copies(items, problems)
    return tuple(_from_item(item, line) for line, item in enumerate(items, start=1))


def _json_problems(error: ValidationError) -> Iterator[Problem]:
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        index, *path = item["loc"]
        column = ".".join(str(part) for part in path)
        line = index + 1 if isinstance(index, int) else 0
        yield Problem(line=line, column=column, message=item["msg"])


def _repeated_copies(items: list[_MarksItem], problems: list[Problem]) -> None:
    first: dict[str, int] = {}
    for line, item in enumerate(items, start=1):
        if item.copy_id in first:
            message = f"the same copy as item {first[item.copy_id]}"
            problems.append(Problem(line=line, column="copy", message=message))
        first.setdefault(item.copy_id, line)


def _from_item(item: _MarksItem, line: int) -> CopyMarks:
    annotations = None
    if item.annotations is not None:
        annotations = tuple(annotation.annotation() for annotation in item.annotations)
    return CopyMarks(
        copy_id=CopyId(item.copy_id),
        line=line,
        scores=item.scores,
        remarks=item.remarks,
        appreciation=item.appreciation,
        annotations=annotations,
    )
