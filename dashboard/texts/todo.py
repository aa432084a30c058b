"""Texts of the To do page."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "todo": ("To do", "À faire"),
    "todo_help": (
        "What needs a person, exam by exam. Each number leads to what it counts.",
        "Ce qui demande quelqu'un, examen par examen. Chaque nombre mène à ce qu'il compte.",
    ),
    "in_all": ("In all exams:", "Tous examens confondus :"),
    "as_of": (
        "As of {time}; refreshes by itself.",
        "État à {time} ; se met à jour tout seul.",
    ),
    "changed": (" · last change {ago}", " · dernier changement {ago}"),
    "progress": ("{done} of {total} finalized", "{done} finalisées sur {total}"),
    "apart": ("with two readings apart", "à départager entre deux lectures"),
    "unread": ("to identify", "à identifier"),
    "to_confirm": ("identities to confirm", "identités à confirmer"),
    "strangers": (
        "fit nobody: is it this exam's roster?",
        "ne correspondent à personne : est-ce la bonne liste d'élèves ?",
    ),
    "quarantined": ("in quarantine", "en quarantaine"),
    "failed": ("failed", "en échec"),
    "unmarked": ("to mark", "à corriger"),
    "to_finalize": ("marked, to finalize", "corrigées, à finaliser"),
    "copies_all": ("copies", "copies"),
    "found": ("identified automatically", "identifiées automatiquement"),
    "confirmed": ("confirmed by a person", "confirmées par quelqu'un"),
    "nobodys": ("of nobody on the roster", "de personne de la liste"),
    "graded": ("finalized", "finalisées"),
    "nothing_waits": ("Nothing waits for you here.", "Rien ne vous attend ici."),
    "import_first": (
        "No copies yet: the exam waits for its scans.",
        "Pas encore de copies : l'examen attend ses scans.",
    ),
    "cut_first": (
        "No copies yet: the scans wait to be imported.",
        "Pas encore de copies : les scans attendent d'être importés.",
    ),
    "give_scan": ("Give it a scan", "Lui donner un scan"),
    "cut_scan": ("Import them", "Les importer"),
    "create_exam": ("Create an exam", "Créer un examen"),
}
