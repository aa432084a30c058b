"""What two blind readings of a question agree on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one reader gave for a question; ``points`` None: nothing yet."""

    points: Decimal | None
    remark: str = field(default="", repr=False)


def agreed(readings: Sequence[Given], *, tolerance: Decimal, step: Decimal) -> Given:
    """The mean, when both gave points that differ by ``tolerance`` at most; else no points.

    A mean between two steps is rounded up, for the student. Remarks stand one under the other.
    """
    points = [one.points for one in readings if one.points is not None]
    if len(points) < 2:
        return Given(points=None)
    remarks = dict.fromkeys(one.remark for one in readings if one.remark)
    is_near = max(points) - min(points) <= tolerance
    return Given(points=_mean(points, step) if is_near else None, remark="\n".join(remarks))


def _mean(points: Sequence[Decimal], step: Decimal) -> Decimal:
    mean = sum(points, Decimal(0)) / len(points)
    return (mean / step).to_integral_value(ROUND_CEILING) * step
