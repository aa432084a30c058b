"""Reads CSV text people made: any usual encoding and delimiter, with line numbers kept.

It knows nothing of rosters or marks; it never repeats a cell's text in an error.
"""

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

csv.field_size_limit(1 << 30)
"""A cell may be as long as its file: what is too long is named with its line by who reads it."""

DELIMITERS = (";", ",", "\t")
"""Spreadsheets in French locales write semicolons, in English ones commas; Pronote offers tabs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One data row: its 1-based line in the file and its cells by normalised column name."""

    line: int
    cells: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Normalised column names in order, and the rows that are not entirely empty."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def decode_text(data: bytes) -> str:
    """Text of a file people exported: UTF-8 with or without BOM, else Windows-1252.

    Windows-1252 is what French spreadsheet programs write for "CSV"; bytes it leaves undefined
    become U+FFFD, so this never fails.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_table(data: bytes) -> Table:
    """The rows of a CSV file whose first non-empty line names the columns."""
    text = decode_text(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = tuple(normalised_column(cell) for cell in cells)
        else:
            rows.append(Row(line=reader.line_num, cells=_named(columns, cells)))
    return Table(columns=columns, rows=tuple(rows))


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
