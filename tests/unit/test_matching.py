"""The CTC scores against brute force, and which word wins on clean and noisy posteriors."""

import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.posteriors import posteriors
from viatique.identity.matching import (
    _against_best_path,
    best_free_score,
    encode,
    free_reading,
    pack,
    penalties,
    prepared,
)


def ctc_scores(
    log_probs: NDArray[np.floating], words: Sequence[NDArray[np.integer]]
) -> NDArray[np.float64]:
    """log P(word | image) of every word, in nats; -inf for one too long for the frames."""
    with np.errstate(divide="ignore"):
        return best_free_score(log_probs) + np.log(_against_best_path(log_probs, pack(words)))


def _collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    merged = [symbol for symbol, _ in itertools.groupby(path)]
    return tuple(symbol for symbol in merged if symbol != 0)


def _brute_force(log_probs: NDArray[np.float64], word: tuple[int, ...]) -> float:
    frames, width = log_probs.shape
    total = sum(
        float(np.exp(sum(log_probs[t, s] for t, s in enumerate(path))))
        for path in itertools.product(range(width), repeat=frames)
        if _collapse(path) == word
    )
    return float(np.log(total)) if total else -np.inf


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(2, 4))
def test_scores_equal_brute_force(seed: int, frames: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    log_probs = np.log(rng.dirichlet(np.ones(width), size=frames))
    words = [word for size in range(4) for word in itertools.product(range(1, width), repeat=size)]
    scores = ctc_scores(log_probs, [np.array(word, dtype=np.int64) for word in words])
    expected = [_brute_force(log_probs, word) for word in words]
    np.testing.assert_allclose(scores, expected, atol=1e-9)


def test_scores_of_all_words_sum_to_one_over_two_frames() -> None:
    log_probs = np.log(np.random.default_rng(1).dirichlet(np.ones(3), size=2))
    words = [
        np.array(w, dtype=np.int64) for n in range(3) for w in itertools.product((1, 2), repeat=n)
    ]
    assert np.isclose(np.exp(ctc_scores(log_probs, words)).sum(), 1.0)


def test_a_long_field_does_not_underflow() -> None:
    log_probs = posteriors("ABCDEFGHIJKLMNOPQRST", gap=20)
    scores = ctc_scores(log_probs, [encode("ABCDEFGHIJKLMNOPQRST"), encode("ZZ")])
    assert np.isfinite(scores).all()
    assert scores[0] > scores[1]


def test_no_words_no_scores() -> None:
    assert ctc_scores(posteriors("AB"), []).shape == (0,)
    assert penalties(posteriors("AB"), pack([]), cap=5.0).shape == (0,)


def test_an_empty_field_costs_everyone_the_cap() -> None:
    assert (penalties(np.zeros((0, 27)), pack([encode("AB")]), cap=5.0) == 5.0).all()
    assert best_free_score(np.zeros((0, 27))) == 0.0


NAMES = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=12)


@settings(max_examples=60)
@given(NAMES, st.data())
def test_the_written_word_beats_its_edits(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    edits = [
        name[:place] + letter + name[place + 1 :],
        name[:place] + name[place + 1 :],
        name[:place] + letter + name[place:],
    ]
    edits = [edit for edit in edits if edit and edit != name]
    found = penalties(
        prepared(posteriors(name)), pack([encode(w) for w in [name, *edits]]), cap=40.0
    )
    assert (found[0] < found[1:]).all()


@settings(max_examples=40)
@given(NAMES, st.integers(0, 1000))
def test_penalties_do_not_depend_on_order_or_repeats(name: str, seed: int) -> None:
    words = [name, "MARTIN", "DURAND", name, "LEA"]
    order = np.random.default_rng(seed).permutation(len(words))
    frames = prepared(posteriors(name, noise=0.2, seed=seed))
    straight = penalties(frames, pack([encode(word) for word in words]), cap=30.0)
    shuffled = penalties(frames, pack([encode(words[i]) for i in order]), cap=30.0)
    np.testing.assert_allclose(shuffled, straight[order])
    assert ((straight >= 0) & (straight <= 30)).all()


@settings(max_examples=40)
@given(NAMES, NAMES, st.floats(5.0, 30.0))
def test_pruning_changes_no_penalty(name: str, other: str, cap: float) -> None:
    frames = prepared(posteriors(name, noise=0.1))
    exact = best_free_score(frames) - ctc_scores(frames, [encode(other)])
    found = penalties(frames, pack([encode(other)]), cap=cap)
    np.testing.assert_allclose(found, np.clip(exact, 0.0, cap))


def test_merging_blanks_hardly_moves_a_penalty() -> None:
    words = pack([encode(word) for word in ("MARTIN", "MARTEN", "DURAND")])
    wide, narrow = (prepared(posteriors("MARTIN", gap=gap)) for gap in (12, 2))
    assert len(wide) == len(narrow)
    np.testing.assert_allclose(penalties(wide, words, cap=40.0), penalties(narrow, words, cap=40.0))


def test_free_reading_merges_repeats() -> None:
    assert free_reading(posteriors("ANNA")).tolist() == encode("ANNA").tolist()
    assert free_reading(np.zeros((0, 27))).size == 0


def test_digits_have_their_own_columns() -> None:
    assert encode("09").tolist() == [1, 10]
    found = penalties(
        prepared(posteriors("27082008", width=11)),
        pack([encode("27082008"), encode("27082009")]),
        cap=30.0,
    )
    assert found[0] < 1
    assert found[1] > 4
