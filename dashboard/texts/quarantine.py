"""Texts of the quarantine desk."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "quarantine": ("Quarantine", "Quarantaine"),
    "quarantine_help": (
        "Copies that are not as expected. Put their pages right, then let them be marked.",
        "Des copies inattendues. Remettez leurs pages en ordre, puis laissez-les corriger.",
    ),
    "which_quarantined": ("Copy", "Copie"),
    "nothing_quarantined": (
        "No copy of this exam is in quarantine.",
        "Aucune copie de cet examen n'est en quarantaine.",
    ),
    "page_number": ("Page {number}", "Page {number}"),
    "page_left_out": ("blank, left out", "blanche, mise de côté"),
    "earlier": ("Earlier", "Plus tôt"),
    "later": ("Later", "Plus tard"),
    "blank": ("Blank", "Blanche"),
    "not_blank": ("Take back in", "Reprendre"),
    "move": ("Move", "Déplacer"),
    "move_to": ("To copy number", "Vers la copie numéro"),
    "move_here": ("Move it there", "La déplacer là"),
    "moved": (
        "The page is at the end of {copy} now.",
        "La page est maintenant à la fin de {copy}.",
    ),
    "rescan": ("Rescan needed", "À rescanner"),
    "no_rescan": ("No rescan needed", "Plus à rescanner"),
    "release_next": ("Good to mark", "Bonne à corriger"),
    "rescan_list": ("Sheets to scan again", "Feuilles à rescanner"),
    "rescan_line": (
        "{copy}: pages {first}–{last} of the scan",
        "{copy} : pages {first}–{last} du scan",
    ),
}  # fmt: skip
