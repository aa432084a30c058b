"""People are asked first where one answer settles most."""

from hypothesis import given
from hypothesis import strategies as st

from viatique.identity.review_queue import review_order
from viatique.models import Candidate, CopyId, StudentId


def chances(**by_student: float) -> list[Candidate]:
    return [
        Candidate(student_id=StudentId(student), probability=probability)
        for student, probability in by_student.items()
    ]


def test_review_order_begins_with_copies_that_compete_for_a_student() -> None:
    waiting = {
        CopyId("E-0001"): chances(S1=0.99),
        CopyId("E-0002"): chances(S2=0.6, S3=0.4),
        CopyId("E-0003"): chances(S2=0.5, S4=0.1),
    }
    assert review_order(waiting) == ["E-0002", "E-0003", "E-0001"]


def test_review_order_asks_for_likely_copies_before_doubtful_and_unread_ones() -> None:
    waiting = {
        CopyId("E-0001"): [],
        CopyId("E-0002"): chances(S1=0.2),
        CopyId("E-0003"): chances(S2=0.9),
    }
    assert review_order(waiting) == ["E-0003", "E-0002", "E-0001"]


@given(
    st.dictionaries(
        st.integers(1, 9),
        st.dictionaries(st.sampled_from("ABCD"), st.floats(0, 1), max_size=3),
        max_size=6,
    )
)
def test_review_order_leaves_nobody_out_and_does_not_depend_on_the_order_given(
    drawn: dict[int, dict[str, float]],
) -> None:
    waiting = {CopyId(f"E-{number:04}"): chances(**one) for number, one in drawn.items()}
    ordered = review_order(waiting)
    assert sorted(ordered) == sorted(waiting)
    assert review_order(dict(reversed(waiting.items()))) == ordered
