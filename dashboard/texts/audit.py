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
    "when": ("When", "Quand"),
    "when_help": (
        "By your browser's clock ({zone}); exports are in UTC.",
        "À l'heure de votre navigateur ({zone}) ; les exports sont en UTC.",
    ),
    "who": ("Who", "Qui"),
    "details": ("Details", "Détails"),
    "verify": ("Check the trail", "Vérifier le journal"),
    "verify_help": (
        "Replays every history and checks every seal: about ten seconds a million events.",
        "Rejoue chaque histoire et contrôle chaque sceau : dix secondes par million d'événements.",
    ),
    "verifying": ("Checking…", "Vérification…"),
    "since": ("From", "Du"),
    "until": ("To", "Au"),
    "no_events": ("No event fits these filters.", "Aucun événement ne correspond."),
    "seal": ("sealed", "scellé"),
    "no_seal": ("not sealed yet", "pas encore scellé"),
    "sealed": (
        "seal {seal}, {ago} · {unsealed} events since",
        "sceau {seal}, {ago} · {unsealed} événements depuis",
    ),
    "export_exam": ("Export this exam's trail (JSONL)", "Exporter le journal de l'examen (JSONL)"),
    "export_all": ("Export the whole trail (JSONL)", "Exporter tout le journal (JSONL)"),
    "trail_fine": (
        "{count} events checked: trail and tables tell the same story.",
        "{count} événements vérifiés : le journal et les tables concordent.",
    ),
    "trail_bad": ("{count} problem(s) found.", "{count} problème(s)."),
}
