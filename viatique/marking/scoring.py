"""The marking scheme and the arithmetic of points. Decimal throughout, no rounding.

A scheme is a tree of questions whose leaves carry the points and sum to the exam's total.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from viatique.errors import InvalidExamFile, Problem
from viatique.models import ScoreRow

DEFAULT_STEP = Decimal("0.25")
"""Smallest part of a point: quarter points, the finest step French schools use; halves included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A node of the scheme: a leaf has points, a heading has questions."""

    question_id: str
    label: str
    points: Decimal | None = None
    questions: tuple["Question", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The whole marking scheme of an exam.

    Attributes:
        total: what the leaves sum to; any positive total.
        step: every score is a multiple of it.
    """

    total: Decimal
    questions: tuple[Question, ...]
    step: Decimal = DEFAULT_STEP

    def leaves(self) -> Iterator[Question]:
        """The questions that take points, in reading order."""
        return (node for _, node in walk(self.questions) if node.points is not None)

    def maximum(self) -> dict[str, Decimal]:
        """Points of each leaf by question id."""
        return {leaf.question_id: leaf.points or Decimal(0) for leaf in self.leaves()}


def walk(questions: Sequence[Question], depth: int = 0) -> Iterator[tuple[int, Question]]:
    """Every node with its depth, parents first."""
    for question in questions:
        yield depth, question
        yield from walk(question.questions, depth + 1)


def weight(question: Question) -> Decimal:
    """The points a question is worth, its own or its leaves'."""
    if question.points is not None:
        return question.points
    return sum((weight(child) for child in question.questions), Decimal(0))


def check_scheme(scheme: Scheme) -> None:
    """Nothing when the scheme can be used.

    Raises:
        InvalidExamFile: with every problem: repeated ids, a leaf without points, a wrong sum...
    """
    problems = [*_node_problems(scheme), *_sum_problems(scheme)]
    if problems:
        raise InvalidExamFile(
            "The marking scheme cannot be used.",
            next_step="Correct [marking] in the exam file and create the exam again.",
            problems=tuple(Problem(line=0, column=where, message=text) for where, text in problems),
        )


def _node_problems(scheme: Scheme) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for _, node in walk(scheme.questions):
        where = f"question {node.question_id}"
        if node.question_id in seen:
            yield where, "this id is used twice"
        seen.add(node.question_id)
        if node.points is None and not node.questions:
            yield where, "it has neither points nor questions of its own"
        if node.points is not None and node.questions:
            yield where, "it has both points and questions; give points to the leaves only"
        if node.points is not None and (node.points <= 0 or node.points % scheme.step):
            yield where, f"points must be positive multiples of {scheme.step}"


def _sum_problems(scheme: Scheme) -> Iterator[tuple[str, str]]:
    leaves_sum = sum((leaf.points or Decimal(0) for leaf in scheme.leaves()), Decimal(0))
    if not scheme.questions:
        yield "marking", "there are no questions"
    elif leaves_sum != scheme.total:
        yield "marking", f"the questions sum to {leaves_sum}, but total is {scheme.total}"


def points_problem(scheme: Scheme, question: str, points: Decimal) -> str | None:
    """Why these points cannot be given for this question, or None when they can."""
    maximum = scheme.maximum().get(question)
    if maximum is None:
        return f"the marking scheme has no question {question[:40]!r} that takes points"
    if not points.is_finite() or points < 0 or points > maximum:
        return f"points must be between 0 and {maximum}"
    if points % scheme.step:
        return f"points must be multiples of {scheme.step}"
    return None


def score_rows(
    scheme: Scheme, scores: Mapping[str, Decimal | None], remarks: Mapping[str, str]
) -> tuple[ScoreRow, ...]:
    """The scheme filled with points: leaves have their own, headings the sum of theirs."""
    return tuple(
        ScoreRow(
            question=node.question_id,
            label=node.label,
            depth=depth,
            points=_points(node, scores),
            maximum=weight(node),
            remark=remarks.get(node.question_id, ""),
            is_leaf=node.points is not None,
        )
        for depth, node in walk(scheme.questions)
    )


def total_score(scheme: Scheme, scores: Mapping[str, Decimal | None]) -> Decimal:
    """The sum over the leaves; a leaf nobody scored counts 0."""
    return sum((scores.get(leaf.question_id) or Decimal(0) for leaf in scheme.leaves()), Decimal(0))


def _points(node: Question, scores: Mapping[str, Decimal | None]) -> Decimal | None:
    if node.points is not None:
        return scores.get(node.question_id)
    parts = [_points(child, scores) for child in node.questions]
    return None if None in parts else sum((part for part in parts if part is not None), Decimal(0))
