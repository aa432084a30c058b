"""Texts of the identification desk."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "identify": ("Identify", "Identifier"),
    "whose": ("Whose is this copy?", "À qui est cette copie ?"),
    "whose_help": (
        "The likely answer comes first. Each answer makes the others surer.",
        "La réponse probable vient d'abord. Chaque réponse rend les autres plus sûres.",
    ),
    "left": ("{count} left", "encore {count}"),
    "nobody": ("Nobody on the roster", "Personne de la liste"),
    "skip": ("Later", "Plus tard"),
    "someone_else": ("Somebody else on the roster", "Quelqu'un d'autre de la liste"),
    "choose": ("Type a name or an id", "Taper un nom ou un identifiant"),
    "no_such_student": ("No student of this name.", "Aucun élève de ce nom."),
    "and_more": ("and {count} more: type more", "et {count} de plus : précisez"),
    "whole_page": ("Whole page", "Page entière"),
    "rival": (
        "Copy {copy} seems to be of the same student: is it another part of this one?",
        "La copie {copy} semble être du même élève : est-ce une autre partie de celle-ci ?",
    ),
    "merge": (
        "Yes, put {copy} together with this one",
        "Oui, réunir {copy} avec celle-ci",
    ),
    "merge_refused": (
        "If not, say whose this one is, on the right.",
        "Sinon, dites à droite de qui est celle-ci.",
    ),
    "merged": ("{copy}: put together.", "{copy} : réunies."),
    "deciding": ("The others are being decided again…", "Les autres sont réévaluées…"),
    "decision_failed": (
        "The others could not be decided again; your answers are stored.",
        "Les autres n'ont pas pu être réévaluées ; vos réponses sont enregistrées.",
    ),
    "decide_again": ("Decide again", "Réévaluer"),
    "take_back": ("Take back the answer for {copy}", "Reprendre la réponse pour {copy}"),
    "taken_back": ("{copy}: answer taken back.", "{copy} : réponse reprise."),
    "saved": ("{copy}: saved.", "{copy} : enregistré."),
    "keys": (
        "Keys: 1 to 4 choose, 0 nobody, → later, W whole page, U undo",
        "Touches : 1 à 4 choisissent, 0 personne, → plus tard, W page entière, U reprendre",
    ),
}

REASONS: dict[str, tuple[str, str]] = {
    "last_name_fits": ("last name fits", "le nom correspond"),
    "last_name_close": ("last name close", "nom proche"),
    "last_name_differs": ("last name differs", "le nom diffère"),
    "first_name_fits": ("first name fits", "le prénom correspond"),
    "first_name_close": ("first name close", "prénom proche"),
    "first_name_differs": ("first name differs", "le prénom diffère"),
    "birth_date_fits": ("date of birth fits", "la date de naissance correspond"),
    "birth_date_close": ("date of birth close", "date de naissance proche"),
    "birth_date_differs": ("date of birth differs", "la date de naissance diffère"),
    "student_number_fits": ("number fits", "le numéro correspond"),
    "student_number_close": ("number close", "numéro proche"),
    "student_number_differs": ("number differs", "le numéro diffère"),
    "fields_swapped": ("last and first name swapped", "nom et prénom inversés"),
}
"""Why a candidate fits, by the codes of ``viatique.identity.matching``."""
