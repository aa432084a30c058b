"""Texts of the list of copies and the page of one."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "copies": ("Copies", "Copies"),
    "copies_help": (
        "The address keeps the filters: send it to a colleague, or keep it.",
        "L'adresse garde les filtres : envoyez-la à un collègue, ou gardez-la.",
    ),
    "copy_help": (
        "Its pages, where it stands, and all that happened to it.",
        "Ses pages, où elle en est, et tout ce qui lui est arrivé.",
    ),
    "copy": ("Copy", "Copie"),
    "status": ("Status", "Statut"),
    "identity": ("Identity", "Identité"),
    "student": ("Student", "Élève"),
    "confidence": ("Confidence", "Confiance"),
    "scan_pages": ("Pages of the scan", "Pages du scan"),
    "history": ("History", "Historique"),
    "problem": ("Why it waits", "Pourquoi elle attend"),
    "missing": ("missing pages: {pages}", "pages manquantes : {pages}"),
    "release": ("Let it be marked as it is", "Laisser corriger telle quelle"),
    "released": ("The copy can be marked now.", "La copie peut être corrigée."),
    "download": ("Final PDF", "PDF final"),
    "no_pages": (
        "Pages are shown to those who may see names.",
        "Les pages sont montrées à qui peut voir les noms.",
    ),
    "not_cut": ("The copy has not been cut yet.", "La copie n'est pas encore découpée."),
    "no_such_copy": ("There is no such copy.", "Cette copie n'existe pas."),
    "which_copy": ("Id of the copy", "Identifiant de la copie"),
}
