"""An exam's results as rows, as CSV files people open, and as figures. Pure; names are in the rows.

Nobody is dropped: a student without a copy, a copy without a student and a copy that is not
finalized each have their line.
"""

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from viatique.marking.scoring import Scheme
from viatique.models import CopyId, Student

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to spreadsheets (OWASP, CSV injection)."""
BINS = 10
NO_STUDENT = "SANS ÉLÈVE"
"""Stands for a last name in the school software's form, beside the copy's id."""


class ResultState(StrEnum):
    """What a line of the results stands for."""

    GRADED = "graded"
    NOT_GRADED = "not graded"
    NO_STUDENT = "no student"
    """A copy nobody was found for, graded or not."""
    ABSENT = "absent"
    """A student without a copy."""


class Profile(StrEnum):
    """Whom a CSV is for."""

    PLAIN = "plain"
    """Everything, decimal points, for programs and checks."""
    PRONOTE = "pronote"
    """Last name, first name, class and mark, decimal commas, as French school software takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the results.

    Attributes:
        points: by question id; only questions that were given points.
    """

    state: ResultState
    copy_id: CopyId | None
    student: Student | None = field(repr=False)
    score: Decimal | None
    points: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFigures:
    """How a question went.

    Attributes:
        success: mean points divided by the question's points, 0 to 1.
        discrimination: correlation of its points with the points of all others, -1 to 1 (corrected
            item-total correlation); None when either does not vary.
    """

    question: str
    success: float
    discrimination: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a set of scores looks like.

    Attributes:
        deviation: population standard deviation.
        quartiles: first, second (median) and third, by linear interpolation.
        bins: copies in ten equal parts of 0 to the total, the last one closed.
    """

    count: int
    mean: float
    deviation: float
    quartiles: tuple[float, float, float]
    bins: tuple[int, ...]
    questions: tuple[QuestionFigures, ...]


def to_csv(
    results: Sequence[Result],
    scheme: Scheme,
    profile: Profile,
    *,
    has_decimal_comma: bool = False,
) -> bytes:
    """A CSV that spreadsheets open as it is: UTF-8 with its mark, semicolons, no formulas."""
    if profile is Profile.PRONOTE:
        rows = _pronote_rows(results)
    else:
        rows = _plain_rows(results, scheme, "," if has_decimal_comma else ".")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def figures(results: Sequence[Result], scheme: Scheme) -> Figures | None:
    """The figures of all finalized copies; None when there is none."""
    graded = [result for result in results if result.score is not None]
    scores = [float(result.score or 0) for result in graded]
    if not scores:
        return None
    return Figures(
        count=len(scores),
        mean=statistics.fmean(scores),
        deviation=statistics.pstdev(scores),
        quartiles=_quartiles(scores),
        bins=_bins(scores, float(scheme.total)),
        questions=tuple(
            _question_figures(question, float(points), graded)
            for question, points in scheme.maximum().items()
        ),
    )


def _plain_rows(results: Sequence[Result], scheme: Scheme, decimal_mark: str) -> list[list[str]]:
    def written(points: Decimal) -> str:
        return _written(points, decimal_mark)

    questions = list(scheme.maximum())
    rows = [["student", "last_name", "first_name", "group", "copy", "state", "score", "total"]]
    rows[0] += questions
    for one in results:
        who = one.student
        rows.append(
            [
                who.student_id if who else "",
                who.last_name if who else "",
                who.first_name if who else "",
                who.group if who else "",
                one.copy_id or "",
                one.state,
                "" if one.score is None else written(one.score),
                written(scheme.total),
                *(written(one.points[q]) if q in one.points else "" for q in questions),
            ]
        )
    return rows


def _pronote_rows(results: Sequence[Result]) -> list[list[str]]:
    rows = [["Nom", "Prénom", "Classe", "Note"]]
    for one in results:
        if one.student is None:
            mark = "" if one.score is None else _written(one.score, ",")
            rows.append([NO_STUDENT, one.copy_id or "", "", mark])
            continue
        mark = "Abs" if one.state is ResultState.ABSENT else ""
        if one.score is not None:
            mark = _written(one.score, ",")
        who = one.student
        rows.append([who.last_name, who.first_name, who.group, mark])
    return rows


def _written(points: Decimal, decimal_mark: str) -> str:
    return f"{points.normalize():f}".replace(".", decimal_mark)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _quartiles(scores: Sequence[float]) -> tuple[float, float, float]:
    if len(scores) == 1:
        return scores[0], scores[0], scores[0]
    first, median, third = statistics.quantiles(scores, n=4, method="inclusive")
    return first, median, third


def _bins(scores: Sequence[float], total: float) -> tuple[int, ...]:
    counts = [0] * BINS
    for score in scores:
        counts[min(BINS - 1, int(score / total * BINS))] += 1
    return tuple(counts)


def _question_figures(question: str, maximum: float, graded: Sequence[Result]) -> QuestionFigures:
    points = [float(result.points.get(question, 0)) for result in graded]
    rest = [
        float(sum(result.points.values())) - own for result, own in zip(graded, points, strict=True)
    ]
    varies = len(set(points)) > 1 and len(set(rest)) > 1
    return QuestionFigures(
        question=question,
        success=statistics.fmean(points) / maximum,
        discrimination=statistics.correlation(points, rest) if varies else None,
    )
