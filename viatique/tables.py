"""Reads CSV text people made: any usual encoding and delimiter, with line numbers kept.

It knows nothing of rosters or marks; it never repeats a cell's text in an error.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from viatique.errors import Problem

csv.field_size_limit(1 << 30)
"""A cell may be as long as its file: what is too long is named with its line by who reads it."""

DELIMITERS = (";", ",", "\t")
"""Spreadsheets in French locales write semicolons, in English ones commas; Pronote offers tabs."""
MORE_CELLS = "more cells than columns: one that holds the delimiter needs quotation marks"
NAMED_DELIMITER = ["sep=", ""]
"""A first line ``sep=;``, which tells Excel the delimiter, as its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One data row: its 1-based line in the file and its cells by normalised column name."""

    line: int
    cells: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Normalised column names in order, and the rows that are not entirely empty.

    Attributes:
        problems: cells that cannot be told from one another; rows with any are left out.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str
    problems: tuple[Problem, ...] = ()

    def repeated(self, titles: Iterable[str]) -> Iterator[Problem]:
        """A problem for each of these columns that is there twice: which one counts is unknown."""
        for title in titles:
            if title and self.columns.count(title) > 1:
                yield Problem(line=1, column=title, message="two columns have this title")


def decode_text(data: bytes) -> str:
    """Text of a file people exported: UTF-8 with or without BOM, UTF-16 with, else Windows-1252.

    Windows-1252 is what French spreadsheet programs write for "CSV", UTF-16 what they write for
    "Unicode text"; bytes that mean nothing become U+FFFD, so this never fails.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_table(data: bytes) -> Table:
    """The rows of a CSV file whose first non-empty line names the columns."""
    text = decode_text(data)
    delimiter = _delimiter(text)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in _lines(text, delimiter, problems):
        if not any(cell.strip() for cell in cells) or (not columns and cells == NAMED_DELIMITER):
            continue
        if not columns:
            columns = tuple(normalised_column(cell) for cell in cells)
        elif any(cell.strip() for cell in cells[len(columns) :]):
            problems.append(Problem(line=line, column="", message=MORE_CELLS))
        else:
            rows.append(Row(line=line, cells=_named(columns, cells)))
    return Table(columns=columns, rows=tuple(rows), delimiter=delimiter, problems=tuple(problems))


def _lines(text: str, delimiter: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Lines and their cells, up to a quotation mark that would swallow all that follows."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    last = 0
    try:
        for cells in reader:
            last = reader.line_num
            yield last, cells
    except csv.Error:
        message = "a quotation mark here has no other one, or text beside it"
        problems.append(Problem(line=last + 1, column="", message=message))


def normalised_column(title: str) -> str:
    """A column title without accents, case, punctuation: ``Né(e) le`` -> ``ne_e_le``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "_".join("".join(c if c.isalnum() else " " for c in plain).split())


def _delimiter(text: str) -> str:
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=head.count)


def _named(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    return {name: cell.strip() for name, cell in zip(columns, padded, strict=False)}
