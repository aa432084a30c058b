"""Texts of the Operations page."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "operations": ("Operations", "Exploitation"),
    "operations_help": (
        "How the work goes: what waits longest, what failed, what was done in the last day.",
        "Comment va le travail : ce qui attend le plus, ce qui échoue, le fait du dernier jour.",
    ),
    "oldest": ("Longest waiting", "Attente la plus longue"),
    "stage_import": ("to be cut", "à découper"),
    "stage_identify": ("to be read", "à lire"),
    "stage_review": ("identity to confirm", "identité à confirmer"),
    "stage_quarantine": ("in quarantine", "en quarantaine"),
    "stage_finalize": ("being finalized", "en finalisation"),
    "stage_failed": ("failed", "en échec"),
    "failures": ("Failures", "Échecs"),
    "no_failures": ("Nothing has failed.", "Aucun échec."),
    "where": ("Where", "Où"),
    "why_failed": ("Why", "Pourquoi"),
    "throughput": ("Done in the last day, by hour (UTC)", "Fait depuis un jour, par heure (UTC)"),
    "nothing_done": ("Nothing was done in the last day.", "Rien n'a été fait depuis un jour."),
    "hour": ("hour", "heure"),
    "finals": ("copies finalized", "copies finalisées"),
    "headers": ("headers read", "en-têtes lus"),
    "scan_imports": ("scans imported", "scans importés"),
    "prefect_ui": ("Open the Prefect UI", "Ouvrir Prefect"),
}  # fmt: skip
