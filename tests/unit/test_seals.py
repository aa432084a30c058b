"""Merkle roots and seals: as RFC 6962 has them, and no other bytes have the same."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.seals import (
    FIRST_PREVIOUS,
    Seal,
    differences,
    entry_of,
    is_signed,
    new_key,
    parted,
    public_key_of,
    root_of,
    signed,
)

KEY = new_key()
SEAL = Seal(
    seal_id=1, from_tick=0, to_tick=9, event_count=2, root=b"r" * 32, previous=FIRST_PREVIOUS,
    sealed_at=datetime(2027, 2, 6, tzinfo=UTC), public_key=public_key_of(KEY),
)  # fmt: skip


def reference_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = reference_root(leaves[:half]), reference_root(leaves[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def rows(*ids: int) -> list[bytes]:
    return [entry_of(f"{number}\tanything\n".encode()) for number in ids]


@given(st.lists(st.binary(max_size=9), max_size=40))
def test_root_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert root_of(leaves) == (len(leaves), reference_root(leaves))


def test_root_of_no_leaf_and_of_one_are_the_known_ones() -> None:
    # the test vectors of Certificate Transparency's own implementations
    assert root_of([])[1].hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")
    assert root_of([b""])[1].hex().startswith("6e340b9cffb37a989ca544e6bb780a2c")


@given(st.permutations(range(6)))
def test_order_is_part_of_the_root(order: list[int]) -> None:
    is_same = root_of(rows(*order)) == root_of(rows(*range(6)))
    assert is_same == (order == sorted(order))


def test_a_seal_counts_with_its_own_signature_only() -> None:
    seal = signed(SEAL, KEY)
    assert is_signed(seal)
    assert not is_signed(SEAL)
    assert not is_signed(signed(SEAL, new_key()))


@pytest.mark.parametrize(
    "changes",
    [
        {"seal_id": 2},
        {"from_tick": 1},
        {"to_tick": 8},
        {"event_count": 3},
        {"root": b"s" * 32},
        {"previous": b"p" * 32},
        {"sealed_at": datetime(2027, 2, 7, tzinfo=UTC)},
        {"public_key": public_key_of(new_key())},
        {"public_key": b"no key"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_nothing_of_a_seal_can_be_changed(changes: dict[str, object]) -> None:
    seal = signed(SEAL, KEY)
    changed = replace(seal, **changes)  # type: ignore[arg-type]
    assert not is_signed(changed)
    assert changed.digest() != seal.digest()


def test_differences_name_each_event_and_what_happened_to_it() -> None:
    sealed = b"".join(rows(1, 2, 3, -4))
    changed = entry_of(b"2\tanother\n")
    assert list(parted(sealed))[3] == rows(-4)[0]
    assert list(differences(sealed, [*rows(1), changed, *rows(3, 3, 5)])) == [
        (2, "was changed after the sealing"),
        (3, "was put in after the sealing"),
        (5, "was put in after the sealing"),
        (-4, "is gone"),
    ]
