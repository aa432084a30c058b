"""What a roster has for each field of a header, each entry once.

Five thousand students share some hundreds of first names and birth dates: what is looked at for
each header is the entries, and the students only look up what theirs came to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viatique.identity.matching import Codes, Floats, WordSet, encode, pack, penalties
from viatique.identity.name_variants import (
    Variant,
    date_variants,
    first_name_variants,
    last_name_variants,
    number_variants,
)
from viatique.models import FieldName, Student

OTHER_FIELD = {
    FieldName.LAST_NAME: FieldName.FIRST_NAME,
    FieldName.FIRST_NAME: FieldName.LAST_NAME,
}
"""Names are written in each other's field now and then."""

Entries = Sequence[tuple[Variant, ...]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The E entries of one field for N students, and the words they may be written as.

    Attributes:
        words: W words; both names have the same, to be aligned with a field in one go.
        variant_words: (V,) word of each variant, variants sorted by entry.
        variant_costs: (V,) minus the log-prior of each variant.
        owners: (V,) entry of each variant.
        starts: (E,) first variant of each entry.
        entries: (N,) entry of each student, E for those without one.
        sizes: (N,) symbols of each student's first variant, 0 without one.
    """

    words: WordSet
    variant_words: Codes
    variant_costs: Floats
    owners: Codes
    starts: Codes
    entries: Codes
    sizes: NDArray[np.int16]

    def costs(self, by_word: Floats, cap: float) -> Floats:
        """Returns the (E + 1,) cost of each entry's best variant; the last is inf: no entry."""
        result = np.full(len(self.starts) + 1, np.inf)
        if len(self.starts):
            by_variant = by_word.take(self.variant_words) + self.variant_costs
            result[:-1] = np.minimum(np.minimum.reduceat(by_variant, self.starts), cap)
        return result

    def costs_of(self, wanted: NDArray[np.bool_], frames: Floats, cap: float) -> Floats:
        """Returns the same for the entries of the wanted of N students; the cap for other words."""
        is_wanted = np.zeros(len(self.starts) + 1, dtype=bool)
        is_wanted[self.entries[wanted]] = True
        is_tried = np.zeros(len(self.words), dtype=bool)
        is_tried[self.variant_words[is_wanted[self.owners]]] = True
        by_word = np.full(len(is_tried), cap)
        by_word[is_tried] = penalties(frames, self.words.only(is_tried), cap=cap)
        return self.costs(by_word, cap)


def lexicons(roster: Sequence[Student]) -> Mapping[FieldName, Lexicon]:
    """Returns what the roster has for each field."""
    entries = {name: [_variants(name, student) for student in roster] for name in FieldName}
    names = _places(variants for name in OTHER_FIELD for variants in entries[name])
    tree = _tree(names)
    found = {name: _lexicon(entries[name], names, tree) for name in OTHER_FIELD}
    return found | {name: lexicon(entries[name]) for name in FieldName if name not in OTHER_FIELD}


def lexicon(entries: Entries) -> Lexicon:
    """Returns one field's, with words of its own, from what each of N students may write."""
    places = _places(entries)
    return _lexicon(entries, places, _tree(places))


def _variants(name: FieldName, student: Student) -> tuple[Variant, ...]:
    match name:
        case FieldName.LAST_NAME:
            return last_name_variants(student.last_name)
        case FieldName.FIRST_NAME:
            return first_name_variants(student.first_name)
        case FieldName.BIRTH_DATE:
            return date_variants(student.birth_date)
        case FieldName.STUDENT_NUMBER:
            return number_variants(student.student_number, student.student_id)


def _places(entries: Iterable[tuple[Variant, ...]]) -> dict[str, int]:
    places: dict[str, int] = {}
    for variants in entries:
        for word, _ in variants:
            places.setdefault(word, len(places))
    return places


def _tree(places: Mapping[str, int]) -> WordSet:
    return pack([encode(word) for word in places])


def _lexicon(by_student: Entries, places: Mapping[str, int], tree: WordSet) -> Lexicon:
    numbers: dict[tuple[Variant, ...], int] = {}
    for variants in by_student:
        if variants:
            numbers.setdefault(variants, len(numbers))
    spread = [(entry, *variant) for variants, entry in numbers.items() for variant in variants]
    owners = np.array([entry for entry, _, _ in spread], dtype=np.int64)
    return Lexicon(
        words=tree,
        variant_words=np.array([places[word] for _, word, _ in spread], dtype=np.int64),
        variant_costs=np.array([-log_prior for _, _, log_prior in spread], dtype=np.float64),
        owners=owners,
        starts=np.flatnonzero(np.diff(owners, prepend=-1)),
        entries=np.array([numbers.get(one, len(numbers)) for one in by_student], dtype=np.int64),
        sizes=np.array([len(one[0][0]) if one else 0 for one in by_student], dtype=np.int16),
    )
