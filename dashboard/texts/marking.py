"""Texts around the marking desk; those of the desk itself are in ``dashboard.marking.texts``."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "marking": ("Mark", "Corriger"),
    "marking_help": (
        "Draw on the page, give the points, go on: everything is saved as you write.",
        "Annotez la page, donnez les points, continuez : tout est enregistré à mesure.",
    ),
    "start_marking": ("Start marking", "Commencer à corriger"),
    "take_next": ("Next copy", "Copie suivante"),
    "nothing_to_mark": (
        "No copy of this exam waits for you.",
        "Aucune copie de cet examen ne vous attend.",
    ),
    "marking_keys": (
        "↵ next question · ↑ ↓ points · letters: tools · PgUp PgDn: pages",
        "↵ question suivante · ↑ ↓ points · lettres : outils · PgPréc PgSuiv : pages",
    ),
}
