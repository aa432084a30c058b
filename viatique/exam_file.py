"""Reads ``exam.toml``: what a coordinator writes about an exam, checked as a whole.

It turns text into values and reports every problem it can name; it reads no file itself.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from viatique.errors import InvalidExamFile, Problem
from viatique.marking.scoring import DEFAULT_STEP, Question, Scheme, check_scheme
from viatique.models import FieldName, HeaderForm, HeaderSpec, Language, Layout, Rect, Segmentation

NAME_LIMIT = 200
"""Longest exam name and question label: what fits two lines of the score page."""

DEPTH_LIMIT = 8
"""Most levels of questions: what can be indented on the score page."""

Written = Annotated[str, StringConstraints(max_length=NAME_LIMIT, pattern=r"^[^\x00]*$")]
"""Postgres stores no NUL."""
Text = Annotated[Written, StringConstraints(strip_whitespace=True, min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamFile:
    """An exam as its coordinator describes it.

    Attributes:
        roster: path of the roster CSV, relative to the exam file.
        pages_per_copy: A4 pages of a complete copy, blank ones included.
        language: of the final PDFs.
    """

    name: str
    exam_date: dt.date | None
    layout: Layout
    pages_per_copy: int
    segmentation: Segmentation
    roster: str
    header: HeaderSpec
    scheme: Scheme
    language: Language = Language.FR


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Question(_Strict):
    id: Text
    label: Written = ""
    points: Decimal | None = None
    questions: list["_Question"] = Field(default_factory=list)


class _Marking(_Strict):
    total: Decimal = Field(default=Decimal(20), gt=0, le=1000)
    step: Decimal = Field(default=DEFAULT_STEP, ge=Decimal("0.001"), le=1)
    questions: list[_Question]


class _Zone(_Strict):
    name: FieldName
    zone: tuple[float, float, float, float]


class _Header(_Strict):
    form: HeaderForm = HeaderForm.AUTO
    fields: list[FieldName] = Field(
        default_factory=lambda: [FieldName.LAST_NAME, FieldName.FIRST_NAME], min_length=1
    )
    field: list[_Zone] = Field(default_factory=list)


class _Exam(_Strict):
    name: Text
    date: dt.date | None = None
    layout: Layout = Layout.AUTO
    pages_per_copy: int = Field(ge=1, le=200)
    segmentation: Segmentation = Segmentation.HEADER
    roster: Written
    language: Language = Language.FR
    header: _Header = Field(default_factory=_Header)
    marking: _Marking


def read_exam_file(text: str) -> ExamFile:
    """The exam described by the text of an ``exam.toml``.

    Raises:
        InvalidExamFile: not TOML, an unknown or missing key, a value out of range, a scheme whose
            leaves do not sum to the total, zones that are missing or outside the page.
    """
    return exam_from(_parsed(text))


def exam_from(data: Mapping[str, Any]) -> ExamFile:
    """The exam described by the keys of an ``exam.toml``, already read.

    Raises:
        InvalidExamFile: as ``read_exam_file``.
    """
    exam = _validated(data)
    header = _header(exam.header)
    scheme = Scheme(
        total=exam.marking.total,
        step=exam.marking.step,
        questions=tuple(_question(item) for item in exam.marking.questions),
    )
    check_scheme(scheme)
    _check_pages(exam)
    return ExamFile(
        name=exam.name,
        exam_date=exam.date,
        layout=exam.layout,
        pages_per_copy=exam.pages_per_copy,
        segmentation=exam.segmentation,
        roster=exam.roster,
        header=header,
        scheme=scheme,
        language=exam.language,
    )


def _invalid(problems: tuple[Problem, ...]) -> InvalidExamFile:
    return InvalidExamFile(
        "The exam file cannot be used.",
        next_step="The keys are listed in README.md under exam.toml.",
        problems=problems,
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        why = f"not valid TOML: {error}"
    except RecursionError:
        why = "nested too deeply"
    except (ValueError, ArithmeticError):
        why = "a number is too long"
    raise _invalid((Problem(line=0, column="", message=why),))


def _validated(data: Mapping[str, Any]) -> _Exam:
    if _depth(data) > DEPTH_LIMIT + 2:
        message = f"questions lie within questions at most {DEPTH_LIMIT} deep"
        raise _invalid((Problem(line=0, column="marking", message=message),))
    try:
        return _Exam.model_validate(data)
    except ValidationError as error:
        problems = tuple(
            Problem(line=0, column=".".join(str(part) for part in item["loc"]), message=item["msg"])
            for item in error.errors(include_input=False, include_url=False)
        )
        raise _invalid(problems) from None


def _depth(data: Mapping[str, Any]) -> int:
    """Levels of tables within tables, counted without recursion: the data may be anything."""
    depth, level = 0, [data]
    while level:
        depth += 1
        values = [value for table in level for value in table.values()]
        items = [item for value in values if isinstance(value, list) for item in value]
        level = [value for value in (*values, *items) if isinstance(value, Mapping)]
    return depth


def _question(item: _Question) -> Question:
    return Question(
        question_id=item.id,
        label=item.label,
        points=item.points,
        questions=tuple(_question(child) for child in item.questions),
    )


def _header(header: _Header) -> HeaderSpec:
    zones = tuple((zone.name, _rect(zone)) for zone in header.field)
    placed = {name for name, _ in zones}
    if header.form is HeaderForm.ZONES and not set(header.fields) <= placed:
        lacking = ", ".join(sorted(set(header.fields) - placed))
        message = f"form is zones, but there is no [[header.field]] with a zone for: {lacking}"
        raise _invalid((Problem(line=0, column="header", message=message),))
    return HeaderSpec(form=header.form, fields=tuple(header.fields), zones=zones)


def _rect(zone: _Zone) -> Rect:
    x0, y0, x1, y1 = zone.zone
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        message = "zone is [x0, y0, x1, y1], fractions of the page: 0 <= x0 < x1 <= 1, same for y"
        raise _invalid((Problem(line=0, column=f"header.field {zone.name}", message=message),))
    return Rect(x0=x0, y0=y0, x1=x1, y1=y1)


def _check_pages(exam: _Exam) -> None:
    if exam.layout is Layout.A3_FOLDED and exam.pages_per_copy % 4:
        message = "a folded A3 sheet has 4 pages: give a multiple of 4"
        raise _invalid((Problem(line=0, column="pages_per_copy", message=message),))
