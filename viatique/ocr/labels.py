"""Printed labels of header forms, in French and English, as an OCR may read them."""

import unicodedata

from rapidfuzz import fuzz

from viatique.models import FieldName

LABELS: dict[FieldName, tuple[str, ...]] = {
    FieldName.LAST_NAME: (
        "NOM", "NOM DE FAMILLE", "NOM DE NAISSANCE", "LAST NAME", "SURNAME", "FAMILY NAME",
    ),
    FieldName.FIRST_NAME: ("PRENOM", "PRENOMS", "PRENOM S", "FIRST NAME", "GIVEN NAME"),
    FieldName.BIRTH_DATE: (
        "NE E LE", "NE LE", "NEE LE", "DATE DE NAISSANCE", "DATE NAISSANCE", "DATE OF BIRTH",
        "BIRTH DATE",
    ),
    FieldName.STUDENT_NUMBER: (
        "NUMERO CANDIDAT", "NUMERO DE CANDIDAT", "N CANDIDAT", "NO CANDIDAT", "INE", "NUMERO INE",
        "N INE", "NUMERO D INSCRIPTION", "N D INSCRIPTION", "NUMERO ETUDIANT", "N ETUDIANT",
        "CANDIDATE NUMBER", "STUDENT NUMBER", "MATRICULE",
    ),
}  # fmt: skip
MIN_LIKENESS = 80.0
"""rapidfuzz ratio in percent: one wrong letter in five."""


def label_of(text: str) -> tuple[FieldName, float] | None:
    """The field a printed text labels and how alike it is in percent; None when it labels none."""
    plain = folded(text)
    scored = [
        (field, fuzz.ratio(plain, label)) for field, labels in LABELS.items() for label in labels
    ]
    field, likeness = max(scored, key=lambda item: item[1])
    return (field, likeness) if likeness >= MIN_LIKENESS else None


def folded(text: str) -> str:
    """Capitals without accents and punctuation: ``Né(e) le :`` -> NE E LE."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
