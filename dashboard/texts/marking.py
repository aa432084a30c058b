"""Texts around the marking desk; those of the desk itself are in ``dashboard.marking.texts``."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "marking": ("Mark", "Corriger"),
    "marking_help": (
        "Draw on the page, give the points, go on: everything is saved as you write.",
        "Annotez la page, donnez les points, continuez : tout est enregistré à mesure.",
    ),
    "start_marking": ("Start marking", "Commencer à corriger"),
    "nothing_to_mark": (
        "No copy of this exam waits for you.",
        "Aucune copie de cet examen ne vous attend.",
    ),
    "dispatching": ("Who marks what", "Répartition entre correcteurs"),
    "dispatch_help": (
        "Shares the copies that are ready out, evenly; again, it gives out what came since.",
        "Répartit également les copies prêtes ; à nouveau, distribue celles arrivées depuis.",
    ),
    "not_dispatched": (
        "Not shared out: whoever marks gets any copy that is ready.",
        "Pas de répartition : qui corrige reçoit n'importe quelle copie prête.",
    ),
    "markers": ("Markers", "Correcteurs"),
    "by_exercise": ("Exercise by exercise", "Exercice par exercice"),
    "double": ("Double marking", "Double correction"),
    "double_help": (
        "Each copy by two markers who do not see each other's marks.",
        "Chaque copie par deux correcteurs qui ne voient pas les notes l'un de l'autre.",
    ),
    "tolerance": (
        "Points two readings may differ by",
        "Écart admis entre deux lectures, en points",
    ),
    "rebalance": ("Even out what was given out", "Rééquilibrer ce qui est distribué"),
    "rebalance_help": (
        "Copies that nobody touched move until all have as much.",
        "Les copies intactes se déplacent jusqu'à ce que chacun en ait autant.",
    ),
    "dispatch": ("Share out", "Répartir"),
    "to_settle": ("two readings apart", "deux lectures à départager"),
    "marking_keys": (
        "↵ next question · ↑ ↓ points · letters: tools · PgUp PgDn: pages",
        "↵ question suivante · ↑ ↓ points · lettres : outils · PgPréc PgSuiv : pages",
    ),
}
