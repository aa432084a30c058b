"""The figures of an exam, as JSON."""

from pydantic import Field

from viatique.api.shapes import Shape
from viatique.marking.results import Figures
from viatique.steps.statistics import Statistics


class BinOut(Shape):
    """Copies with a score from ``start`` to below ``end``; the last bin holds the total too."""

    start: float
    end: float
    count: int


class QuestionFiguresOut(Shape):
    question: str = Field(examples=["1.a"])
    success: float = Field(description="Mean points of the question's, 0 to 1.")
    discrimination: float | None = Field(
        description="Correlation with the points of all other questions, -1 to 1."
    )


class MarkerFiguresOut(Shape):
    account: str = Field(examples=["U4F2K9QZ1"])
    copies: int
    success: float = Field(description="Points given of those that could be given, 0 to 1.")


class FiguresOut(Shape):
    """Of the finalized copies; null where there are none."""

    total: float = Field(examples=[20])
    count: int
    mean: float | None
    median: float | None
    deviation: float | None
    quartiles: list[float] = Field(examples=[[8.5, 11.25, 14]])
    histogram: list[BinOut]
    questions: list[QuestionFiguresOut]
    markers: list[MarkerFiguresOut]

    @classmethod
    def of(cls, found: Statistics) -> "FiguresOut":
        seen, total = found.figures, float(found.scheme.total)
        return cls(
            total=total,
            count=seen.count if seen else 0,
            mean=seen.mean if seen else None,
            median=seen.quartiles[1] if seen else None,
            deviation=seen.deviation if seen else None,
            quartiles=list(seen.quartiles) if seen else [],
            histogram=_histogram(seen, total) if seen else [],
            questions=[
                QuestionFiguresOut(
                    question=one.question, success=one.success, discrimination=one.discrimination
                )
                for one in (seen.questions if seen else ())
            ],
            markers=[
                MarkerFiguresOut(account=one.account_id, copies=one.copies, success=one.success)
                for one in found.markers
            ],
        )


def _histogram(seen: Figures, total: float) -> list[BinOut]:
    width = total / len(seen.bins)
    return [
        BinOut(start=place * width, end=(place + 1) * width, count=count)
        for place, count in enumerate(seen.bins)
    ]
