"""Texts of the audit trail."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "audit": ("Audit trail", "Journal d'audit"),
    "audit_help": (
        "Who did what to which copy, newest first. Ids only; nothing here can be changed.",
        "Qui a fait quoi sur quelle copie, du plus récent au plus ancien. Rien ne s'y modifie.",
    ),
    "action": ("Action", "Action"),
    "correlation": ("Correlation id (flow run)", "Id de corrélation (exécution)"),
    "when": ("When (UTC)", "Quand (UTC)"),
    "who": ("Who", "Qui"),
    "details": ("Details", "Détails"),
    "verify": ("Check the trail", "Vérifier le journal"),
    "trail_fine": (
        "{count} events checked: trail and tables tell the same story.",
        "{count} événements vérifiés : le journal et les tables concordent.",
    ),
    "trail_bad": ("{count} problem(s) found.", "{count} problème(s)."),
}
