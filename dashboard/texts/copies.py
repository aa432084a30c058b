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
    "confidence_help": (
        "Probability that it is this student.",
        "Probabilité que ce soit cet élève.",
    ),
    "scan_pages": ("Pages of the scan", "Pages du scan"),
    "only_failed": ("only failed", "en échec"),
    "no_copies": (
        "No copy fits these filters.",
        "Aucune copie ne correspond à ces filtres.",
    ),
    "before": ("Before", "Précédentes"),
    "after": ("Next", "Suivantes"),
    "numbers": ("copies {first} to {last}", "copies {first} à {last}"),
    "held": ("being marked", "en cours de correction"),
    "page_of": ("Page {page} of copy {copy}", "Page {page} de la copie {copy}"),
    "expected": (
        "{expected} pages expected, {found} found",
        "{expected} pages attendues, {found} trouvées",
    ),
    "to_desk": ("Put its pages right", "Remettre ses pages en ordre"),
    "say_whose": ("Whose is it?", "À qui est-elle ?"),
    "as_scanned": ("Copy as scanned (PDF)", "Copie telle que scannée (PDF)"),
    "not_released": (
        "The final copy may be downloaded when the results are released.",
        "La copie finale se télécharge une fois les résultats publiés.",
    ),
    "by_itself": ("Viatique", "Viatique"),
    "flow_run": ("flow run", "exécution"),
    "history": ("History", "Historique"),
    "problem": ("Why it waits", "Pourquoi elle attend"),
    "missing": ("missing pages: {pages}", "pages manquantes : {pages}"),
    "release": ("Let it be marked as it is", "Laisser corriger telle quelle"),
    "released": ("The copy can be marked now.", "La copie peut être corrigée."),
    "download": ("Final copy (PDF)", "Copie finale (PDF)"),
    "no_pages": (
        "Pages are shown to those who may see names.",
        "Les pages sont montrées à qui peut voir les noms.",
    ),
    "not_cut": ("The copy has not been cut yet.", "La copie n'est pas encore découpée."),
    "no_such_copy": ("There is no such copy.", "Cette copie n'existe pas."),
    "which_copy": ("Id of the copy", "Identifiant de la copie"),
}
