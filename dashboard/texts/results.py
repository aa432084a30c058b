"""Texts of the results page."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "results": ("Results", "Résultats"),
    "results_help": (
        "How the exam went, and how its results leave. No name is shown here.",
        "Comment l'examen s'est passé, et comment ses résultats sortent. Aucun nom n'apparaît ici.",
    ),
    "no_results": (
        "No copy of this exam is finalized yet.",
        "Aucune copie de cet examen n'est encore finalisée.",
    ),
    "finalized_of": ("Finalized copies", "Copies finalisées"),
    "mean": ("Mean", "Moyenne"),
    "deviation": ("Standard deviation", "Écart-type"),
    "median": ("Median", "Médiane"),
    "quartiles": ("Quartiles", "Quartiles"),
    "histogram": ("Scores", "Notes"),
    "copies_by_score": ("Copies by score", "Copies par note"),
    "by_question": ("Question by question", "Question par question"),
    "question": ("Question", "Question"),
    "success": ("Success", "Réussite"),
    "discrimination": ("Discrimination", "Discrimination"),
    "discrimination_help": (
        "Correlation of a question's points with all others: below 0.2 it tells little.",
        "Corrélation des points d'une question avec les autres : sous 0,2, elle en dit peu.",
    ),
    "by_marker": ("Marker by marker", "Correcteur par correcteur"),
    "marker": ("Marker", "Correcteur"),
    "marks_file": ("marks file", "fichier de notes"),
    "leaving": ("Release", "Publication"),
    "hidden": (
        "Not released yet: no mark and no final PDF leaves.",
        "Pas encore publiés : aucune note, aucun PDF final ne sort.",
    ),
    "released_since": ("Released since {when}.", "Publiés depuis le {when}."),
    "still_waiting": (
        "Not finalized yet, so without a score in the files: {count}",
        "Pas encore finalisées, donc sans note dans les fichiers : {count}",
    ),
    "release_results": ("Release the results", "Publier les résultats"),
    "withdraw_results": ("Withdraw them", "Ne plus les publier"),
    "csv_plain": ("CSV, decimal points", "CSV, points décimaux"),
    "csv_comma": ("CSV, decimal commas", "CSV, virgules décimales"),
    "csv_pronote": ("CSV for Pronote", "CSV pour Pronote"),
    "zip_finals": ("Final PDFs (ZIP)", "PDF finaux (ZIP)"),
}
