"""Words and numbers of final PDFs, in French and English."""

from datetime import date
from decimal import Decimal

from viatique.models import Language

MONTHS_FR = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

WORDS = {
    "copy": ("Copy", "Copie"),
    "question": ("Question", "Question"),
    "points": ("Points", "Points"),
    "appreciation": ("General remark", "Appréciation"),
    "comments": ("Comments", "Commentaires"),
    "page": ("page", "page"),
}


def word(key: str, language: Language) -> str:
    """A word of the final PDF."""
    english, french = WORDS[key]
    return french if language is Language.FR else english


def number(value: Decimal | None, language: Language) -> str:
    """A number of points without trailing zeros: 14,5 in French, 14.5 in English, – for none."""
    if value is None:
        return "–"
    plain = f"{value.normalize():f}"
    return plain.replace(".", ",") if language is Language.FR else plain


def signed(value: Decimal, language: Language) -> str:
    """Points with their sign: +1, −0,5."""
    sign = "−" if value < 0 else "+"
    return sign + number(abs(value), language)


def long_date(day: date | None, language: Language) -> str:
    """A day in words: 6 février 2027, 6 February 2027; empty for none."""
    if day is None:
        return ""
    if language is Language.FR:
        first = "1er" if day.day == 1 else str(day.day)
        return f"{first} {MONTHS_FR[day.month - 1]} {day.year}"
    return f"{day.day} {day:%B} {day.year}"
