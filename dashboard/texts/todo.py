"""Texts of the To do page."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "todo": ("To do", "À faire"),
    "todo_help": (
        "What needs a person, exam by exam. Each number leads to what it counts.",
        "Ce qui demande quelqu'un, examen par examen. Chaque nombre mène à ce qu'il compte.",
    ),
    "identified": ("Identified", "Identifiées"),
    "to_confirm": ("Identity to confirm", "Identités à confirmer"),
    "quarantined": ("In quarantine", "En quarantaine"),
    "unmarked": ("Marks not complete", "Notes incomplètes"),
    "graded": ("Finalized", "Finalisées"),
    "failed": ("Failed", "En échec"),
    "nothing_waits": ("Nothing waits for you here.", "Rien ne vous attend ici."),
}
