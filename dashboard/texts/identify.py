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
    "choose": ("Type a name", "Taper un nom"),
    "confirm": ("Confirm", "Confirmer"),
    "whole_page": ("Whole page", "Page entière"),
    "saved": ("{copy}: saved.", "{copy} : enregistré."),
    "keys": (
        "Keys: 1 to 4 choose, 0 nobody, → later",
        "Touches : 1 à 4 choisissent, 0 personne, → plus tard",
    ),
    "second_thoughts": ("Look again at the copy just done", "Revoir la copie précédente"),
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
"""Why a candidate fits, by the codes of ``viatique.matching``."""
