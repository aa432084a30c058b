"""Pages that kill whoever looks at them: a few spoil their copies, many the scan."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import pytest

from viatique.errors import EngineFailure, UnreadablePdf
from viatique.models import Half, Layout, Segmentation
from viatique.scans.segmentation import PlanProblem
from viatique.steps.scan_jobs import (
    MAX_LOST_SIDES,
    LookJob,
    PlanJob,
    SeenSide,
    plan_scan_copies,
)
from viatique.workers import WorkerPool

Item = TypeVar("Item")
Result = TypeVar("Result")

A4_PT = (595, 842)
JOB = PlanJob(
    scan=Path("scan.pdf"),
    page_count=200,
    layout=Layout.A4,
    pages_per_copy=4,
    segmentation=Segmentation.HEADER,
)


class DeadlyPool(WorkerPool):
    """Its process dies whenever one of some sides is looked at; each fourth side has a header."""

    def __init__(self, deadly: set[int]) -> None:
        super().__init__(2, None)
        self.deadly = deadly
        self.tries = 0

    def run_one(
        self, function: Callable[[Item], Result], item: Item, *, timeout_s: float | None = None
    ) -> Result:
        sides = cast("LookJob", item).sides
        self.tries += 1
        if self.deadly.intersection(sides):
            raise EngineFailure("A worker process died.")
        return cast("Result", tuple(map(_seen, sides)))


def _seen(side: int) -> SeenSide:
    turns = {} if side % 4 else {Half.WHOLE: 0}
    return SeenSide(size_pt=A4_PT, is_readable=True, turns=turns, defects={})


def test_a_few_pages_that_kill_spoil_their_own_copies_only() -> None:
    deadly = {7, 8 * 4 + 1, 199}
    plans = plan_scan_copies(DeadlyPool(deadly), JOB)
    spoiled = {plan.first_page for plan in plans if plan.problem is PlanProblem.UNREADABLE_PAGE}
    assert (len(plans), spoiled) == (50, {4, 32, 196})
    assert {plan.problem for plan in plans} == {None, PlanProblem.UNREADABLE_PAGE}


def test_a_scan_of_pages_that_kill_is_given_up_before_all_were_tried() -> None:
    pool = DeadlyPool(set(range(20, 200)))
    with pytest.raises(UnreadablePdf, match=r"given up: pages like \d+ take"):
        plan_scan_copies(pool, JOB)
    assert pool.tries < len(pool.deadly) / MAX_LOST_SIDES
