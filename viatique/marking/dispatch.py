"""Who marks what: copies are shared out evenly, and moved only as far as evenness asks. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from viatique.errors import InvalidInput
from viatique.marking.scoring import Scheme, walk
from viatique.models import CopyId

WHOLE = ""
"""The part of a copy that is all of it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Slot:
    """One thing to be marked by one person.

    Attributes:
        part: id of a question at the top of the scheme, WHOLE = all of them.
        reading: 1, or 2 for the second of two blind readings.
    """

    copy_id: CopyId
    part: str
    reading: int


def parts_of(scheme: Scheme, *, is_by_question: bool) -> tuple[str, ...]:
    """What a copy is split into."""
    return tuple(one.question_id for one in scheme.questions) if is_by_question else (WHOLE,)


def part_leaves(scheme: Scheme) -> tuple[tuple[str, str], ...]:
    """Pairs of a part and a question that takes points in it, for WHOLE and every other part."""
    whole = [(WHOLE, leaf.question_id) for leaf in scheme.leaves()]
    split = [
        (top.question_id, node.question_id)
        for top in scheme.questions
        for _, node in walk([top])
        if node.points is not None
    ]
    return (*whole, *split)


def share_out(
    wanted: Sequence[Slot],
    held: Mapping[Slot, str],
    markers: Sequence[str],
    *,
    fixed: Collection[CopyId],
    is_rebalanced: bool,
    begun: Mapping[CopyId, str] | None = None,
) -> dict[Slot, str]:
    """Who takes which slot that nobody has, or somebody else has now.

    Each open slot goes to who began that copy, else to whoever has least; among these to who has
    most of the same part. With ``is_rebalanced``, copies that nobody touched also move from who has
    most to who has least until they differ by one at most, and away from who marks no more. The
    same again changes nothing.

    Args:
        wanted: all that must be marked, in the order it is shared out.
        held: who has what now.
        markers: account ids.
        fixed: copies that move no more.
        is_rebalanced: whether what somebody has may move.
        begun: who began which copy.

    Raises:
        InvalidInput: fewer markers than readings.
    """
    if len(set(markers)) < max((slot.reading for slot in wanted), default=1):
        raise InvalidInput(
            "There are not enough markers.",
            next_step="Each reading needs one: `viatique account add LOGIN --role marker`.",
        )
    plan = _Plan(held, markers)
    movable = [slot for slot in wanted if slot in held and slot.copy_id not in fixed]
    if is_rebalanced:
        for slot in movable:
            if held[slot] not in markers:
                plan.take_away(slot)
    for slot in wanted:
        if slot not in plan.taken:
            plan.give(slot, plan.best_for(slot, (begun or {}).get(slot.copy_id)))
    if is_rebalanced:
        _level(plan, [slot for slot in wanted if slot.copy_id not in fixed])
    return {slot: who for slot, who in plan.taken.items() if held.get(slot) != who}


class _Plan:
    """Who has what so far, and how much."""

    def __init__(self, held: Mapping[Slot, str], markers: Sequence[str]) -> None:
        self.markers = list(dict.fromkeys(markers))
        self.taken: dict[Slot, str] = {}
        self.loads: Counter[str] = Counter(dict.fromkeys(markers, 0))
        self.parts: Counter[tuple[str, str]] = Counter()
        for slot, who in held.items():
            self.give(slot, who)

    def give(self, slot: Slot, who: str) -> None:
        self.take_away(slot)
        self.taken[slot] = who
        self.loads[who] += 1
        self.parts[who, slot.part] += 1

    def take_away(self, slot: Slot) -> None:
        who = self.taken.pop(slot, None)
        if who is not None:
            self.loads[who] -= 1
            self.parts[who, slot.part] -= 1

    def may_take(self, slot: Slot, who: str) -> bool:
        """Whether they would not read what they read already."""
        other = Slot(copy_id=slot.copy_id, part=slot.part, reading=3 - slot.reading)
        return self.taken.get(other) != who

    def best_for(self, slot: Slot, beginner: str | None) -> str:
        able = [who for who in self.markers if self.may_take(slot, who)]
        if beginner in able and slot.part == WHOLE:
            return beginner
        return min(able, key=lambda who: (self.loads[who], -self.parts[who, slot.part]))


def _level(plan: _Plan, movable: Sequence[Slot]) -> None:
    """Moves slots one by one from who has most to who has least."""
    piles: dict[str, list[Slot]] = {who: [] for who in plan.markers}
    for slot in movable:
        piles.setdefault(plan.taken[slot], []).append(slot)
    while move := _next_move(plan, piles):
        giver, taker, slot = move
        piles[giver].remove(slot)
        piles[taker].append(slot)
        plan.give(slot, taker)


def _next_move(plan: _Plan, piles: Mapping[str, Sequence[Slot]]) -> tuple[str, str, Slot] | None:
    by_load = sorted(plan.markers, key=lambda who: plan.loads[who])
    for giver in reversed(by_load):
        for taker in by_load:
            if plan.loads[giver] - plan.loads[taker] < 2:
                break
            slot = _first(piles[giver], plan, taker)
            if slot:
                return giver, taker, slot
    return None


def _first(pile: Sequence[Slot], plan: _Plan, taker: str) -> Slot | None:
    """The last slot given that the taker may have."""
    return next((slot for slot in reversed(pile) if plan.may_take(slot, taker)), None)
