"""Rosters, marks and exam files made to do harm: read whole, or refused with the reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.mutations import TEXT_TOKENS, mutated
from tests.hostile.tables import EXAM, TABLES, judge_table
from viatique.errors import InvalidTable
from viatique.exam_file import read_exam_file
from viatique.marking.marks_file import read_marks
from viatique.roster import read_roster
from viatique.workbench import Workbench

QUESTIONS = 'questions=[{id="a",questions=[' * 9 + '{id="b",points=20}' + "]}]" * 9
Reader = Callable[[bytes], object]


def exam(data: bytes) -> object:
    return read_exam_file(data.decode())


def changed(old: str, new: str) -> bytes:
    return EXAM.replace(old, new).encode()


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (read_marks, b"[" * 100_000),
        (read_marks, b'[{"copy":"a","scores":{"1":' + b"9" * 5_000 + b"}}]"),
        (read_marks, b'[{"copy":"a","scores":{"1":1e-999999999999999999999}}]'),
        (read_marks, b'[{"copy":"a","scores":{"1":NaN}}]'),
        (read_marks, b'[{"copy":"a","remarks":{"1":"\\u0000"}}]'),
        (read_marks, b'[{"copy":"a","remarks":{"1":"\\ud800"}}]'),
        (read_marks, b"copy;question;points;remark\na;1;2;x\0y\n"),
        (read_marks, b"copy;question;points;remark\na;1;2;" + b"x" * 200_000),
        (read_roster, b"INE;NOM\nS1;" + b"x" * 200_000),
        (read_roster, b"INE;NOM\nS\0;A\n"),
        (read_roster, b";" * 200_000),
        (exam, changed("total = 20", "total = " + "[" * 5_000)),
        (exam, changed("total = 20", "total = " + "9" * 5_000)),
        (exam, changed("total = 20", "total = 1e999999999")),
        (exam, changed("total = 20", "total = 20\nstep = 1e-999999999")),
        (exam, changed("7.5", "nan")),
        (exam, changed("Bac blanc", "Bac\\u0000blanc")),
        (exam, changed("roster.csv", "a\\u0000b")),
        (exam, (EXAM.split("questions")[0] + QUESTIONS).encode()),
    ],
    ids=[
        "deep json", "long number", "small number", "nan", "nul", "surrogate", "csv nul",
        "long remark", "long cell", "roster nul", "columns", "deep toml", "toml number",
        "toml total", "toml step", "toml nan", "toml nul", "roster path", "deep questions",
    ],
)  # fmt: skip
def test_table_nobody_can_use_is_refused_with_the_reason(read: Reader, data: bytes) -> None:
    with pytest.raises(InvalidTable) as refused:
        read(data)
    assert all(problem.message for problem in refused.value.problems)
    assert refused.value.problems


def test_tables_with_random_changes_end_well(bench: Workbench, tmp_path: Path) -> None:
    kinds = list(TABLES)
    for seed in range(180):
        kind = kinds[seed % len(kinds)]
        judge_table(bench, tmp_path, kind, mutated(TABLES[kind], seed, TEXT_TOKENS))
