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
OTHER_LABELS = (
    "CLASSE", "GROUPE", "SECTION", "SERIE", "FILIERE", "SALLE", "PLACE", "CENTRE", "SESSION",
    "DATE", "DATE DE L EPREUVE", "EPREUVE", "MATIERE", "EXAMEN", "CONCOURS", "NOTE", "SIGNATURE",
    "PAGE", "ETABLISSEMENT", "NOM D USAGE", "CLASS", "GROUP", "ROOM", "SEAT", "SUBJECT", "EXAM",
    "GRADE", "SCHOOL",
)  # fmt: skip
"""Labels of what is not read; the writing beside a field ends before them."""
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


def is_other_label(text: str) -> bool:
    """Whether a printed text, as far as its colon, labels something that is not read."""
    plain = folded(text.partition(":")[0])
    return any(fuzz.ratio(plain, label) >= MIN_LIKENESS for label in OTHER_LABELS)


def folded(text: str) -> str:
    """Capitals without accents and punctuation: ``Né(e) le :`` -> NE E LE."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
