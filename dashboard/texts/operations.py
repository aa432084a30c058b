"""Texts of the Operations page."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "operations": ("Operations", "Exploitation"),
    "operations_help": (
        "How the work goes: what waits longest, what failed, what was done.",
        "Où en est le travail : ce qui attend depuis longtemps, ce qui échoue, ce qui a été fait.",
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
    "where": ("Where", "Étape"),
    "why_failed": ("Why", "Pourquoi"),
    "throughput": ("Done in the last 24 hours", "Travail des dernières 24 heures"),
    "nothing_done": ("Nothing in the last 24 hours.", "Rien dans les dernières 24 heures."),
    "hour": ("Hour", "Heure"),
    "number": ("Number", "Nombre"),
    "finals": ("copies finalized", "copies finalisées"),
    "headers": ("headers read", "en-têtes lus"),
    "scan_imports": ("scans imported", "scans importés"),
    "prefect_ui": ("Open the Prefect UI", "Ouvrir Prefect"),
}  # fmt: skip
