"""Texts people read, in French and English, by code. Codes are what is stored and logged."""

import os

from viatique.errors import ViatiqueError
from viatique.french import in_french
from viatique.models import Language


def language_from_environment() -> Language:
    """The language of ``VIATIQUE_LANGUAGE``, else of the terminal's locale; English by default."""
    wish = os.environ.get("VIATIQUE_LANGUAGE") or next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return Language.FR if wish.lower().startswith("fr") else Language.EN


CLI_LANGUAGE = language_from_environment()

REASONS: dict[str, tuple[str, str]] = {
    # code: (English, French)
    "reading_failed": (
        "its header could not be looked at; the log says why",
        "son en-tête n'a pas pu être regardé ; le journal dit pourquoi",
    ),
    "no_header": ("no header was found on the first page", "pas d'en-tête sur la première page"),
    "empty_header": ("nothing is written in the header", "l'en-tête est vide"),
    "missing_field": (
        "a field of the header was not found",
        "un champ de l'en-tête est introuvable",
    ),
    "empty_field": ("a field of the header is empty", "un champ de l'en-tête est vide"),
    "unreadable": ("the writing could not be read", "l'écriture n'a pas pu être lue"),
    "nobody_fits": ("nobody on the roster fits", "personne de la liste ne correspond"),
    "too_close": ("several students fit about as well", "plusieurs élèves correspondent"),
    "second_copy": ("another copy fits the same student", "une autre copie désigne le même élève"),
    "fields_swapped": ("last and first name seem swapped", "nom et prénom semblent inversés"),
    "field_disagrees": ("a field disagrees with the roster", "un champ contredit la liste"),
    "wrong_page_count": ("it has not the expected pages", "le nombre de pages est inattendu"),
    "page_order": (
        "its pages may be in another order",
        "ses pages sont peut-être dans un autre ordre",
    ),
    "emptied": (
        "all its pages were moved to other copies",
        "toutes ses pages sont passées à d'autres copies",
    ),
    "pages_before_first_header": (
        "pages before the first header: whose are they?",
        "pages avant le premier en-tête : à qui sont-elles ?",
    ),
    "unreadable_page": ("a page cannot be read", "une page est illisible"),
    "illegible_page": ("a page cannot be read by a person", "une page est illisible à l'œil"),
    "blank_first_page": ("its first page is blank", "sa première page est vierge"),
    "page_unreadable": ("it cannot be drawn", "impossible à afficher"),
    "page_coarse": ("scanned at too low a resolution", "numérisée trop grossièrement"),
    "page_dark": ("too dark", "trop sombre"),
    "page_faint": ("too pale", "trop pâle"),
    "page_blurred": ("blurred", "floue"),
    "page_skewed": ("lies askew", "de travers"),
    "page_cut_off": ("cut off at an edge", "coupée sur un bord"),
    "page_blank": ("blank", "vierge"),
    "mixed_sizes": ("pages of another size are mixed in", "des pages d'un autre format s'y mêlent"),
    "engine_failure": ("a worker process died or hung", "un processus de calcul s'est arrêté"),
    "store_unavailable": ("the file store did not answer", "le stockage n'a pas répondu"),
    "stored_file_corrupt": ("a stored file is damaged", "un fichier stocké est abîmé"),
    "invalid_final_pdf": (
        "the final PDF failed its check",
        "le PDF final n'a pas passé son contrôle",
    ),
    "unexpected_failure": (
        "an unforeseen error; see the log",
        "une erreur imprévue ; voir le journal",
    ),
}  # fmt: skip

TEXTS: dict[str, tuple[str, str]] = {
    "next_in_terminal": ("Next steps, in a terminal", "Pour la suite, dans un terminal"),
    "help_exam": ("An exam, from scans to results", "Un examen, des scans aux résultats"),
    "help_people": ("Copies and students", "Copies et élèves"),
    "help_marking": ("Marking", "Correction"),
    "help_running": ("Running Viatique", "Faire tourner Viatique"),
    "help_options": ("Options", "Options"),
    "help_commands": ("Commands", "Commandes"),
    "help_parameters": ("Parameters", "Paramètres"),
    "help_inline": ("Run without Prefect.", "Sans Prefect."),
    "help_json": ("One JSON object a line, for programs.", "Un objet JSON par ligne."),
    "help_erased_too": ("Also people who were erased from it.", "Aussi les élèves effacés."),
    "help_of_exam": (
        "Id of the exam, as `viatique exam list` shows it.",
        "Identifiant de l'examen, donné par `viatique exam list`.",
    ),
    "help_of_copy": (
        "Id of the copy, as `viatique copies EXAM` shows it.",
        "Identifiant de la copie, donné par `viatique copies EXAM`.",
    ),
    "starting": ("Starting the local services", "Démarrage des services locaux"),
    "making_database": ("Making the database…", "Création de la base…"),
    "starting_database": ("Starting the database…", "Démarrage de la base…"),
    "starting_prefect": (
        "Starting the Prefect server (the first time takes up to a minute)…",
        "Démarrage du serveur Prefect (jusqu'à une minute la première fois)…",
    ),
    "registering": ("Registering the flows…", "Déclaration des flows…"),
    "dashboard": ("Dashboard:", "Tableau de bord :"),
    "prefect": ("Prefect:", "Prefect :"),
    "api": ("API:", "API :"),
    "metrics": ("Metrics:", "Métriques :"),
    "ready": ("Ready. Ctrl-C stops everything.", "Prêt. Ctrl-C arrête tout."),
    "stopping": ("Stopping…", "Arrêt…"),
    "copies": ("copies", "copies"),
    "pages": ("pages", "pages"),
    "look": ("Look for headers", "Recherche des en-têtes"),
    "import": ("Import", "Import"),
    "identify": ("Identify", "Identification"),
    "finalize": ("Finalize", "Finalisation"),
    "what": ("Where it stands", "Où en est l'examen"),
    "count": ("Number", "Nombre"),
    "next": ("What to do next", "Que faire ensuite"),
    "identified": ("identified automatically", "identifiées automatiquement"),
    "confirmed": ("identity confirmed by a person", "identité confirmée par une personne"),
    "nobody": ("nobody on the roster (confirmed)", "personne de la liste (confirmé)"),
    "unread": ("not identified yet", "pas encore identifiées"),
    "to_review": ("identity to confirm", "identité à confirmer"),
    "strangers": (
        "fit nobody: is it this exam's roster?",
        "ne correspondent à personne : est-ce la bonne liste ?",
    ),
    "quarantined": ("in quarantine", "en quarantaine"),
    "unmarked": ("marks not complete", "notes incomplètes"),
    "markable": ("ready, marks complete", "prêtes, notes complètes"),
    "graded": ("finalized", "finalisées"),
    "failed": ("failed", "en échec"),
    "staging": ("found, not cut yet", "trouvées, pas encore découpées"),
    "file": ("FILE", "FICHIER"),
    "colon": (":", " :"),
    "done": ("Done.", "Fait."),
    "interrupted": (
        "Stopped; run the same command again to go on from here.",
        "Arrêté ; relancez la même commande pour reprendre ici.",
    ),
    "stopped": ("Stopped: {name}", "Arrêté : {name}"),
    "do_review": ("say whose each is", "dire à qui est chacune"),
    "do_quarantine": ("look, then release or rescan", "regarder, puis libérer ou rescanner"),
    "do_failed": ("run the command again", "relancer la commande"),
    "line": ("line", "ligne"),
    "column": ("column", "colonne"),
    "problem": ("problem", "problème"),
    "this_run": (
        "Copies changed by this run: {count}.",
        "Copies changées par ce passage : {count}.",
    ),
    "and_more": ("and {count} more", "et {count} de plus"),
    "missing_pages": ("missing: page {pages}", "manque : page {pages}"),
    "page_defect": ("page {page}: {reason}", "page {page} : {reason}"),
    "same_scan": (
        "This scan is already in exam {exam}; nothing was added.",
        "Ce scan est déjà dans l'examen {exam} ; rien n'a été ajouté.",
    ),
    "nothing_wrong": ("Nothing is wrong here.", "Rien ne cloche ici."),
    "metrics_reset": (
        "Counting begins anew; {count} measurements were forgotten.",
        "Le comptage recommence ; {count} mesures oubliées.",
    ),
    "graded_copies": ("finalized copies", "copies finalisées"),
    "mean": ("mean", "moyenne"),
    "deviation": ("standard deviation", "écart-type"),
    "quartiles": ("quartiles", "quartiles"),
    "question": ("Question", "Question"),
    "success": ("Success", "Réussite"),
    "discrimination": ("Discrimination", "Discrimination"),
    "absent": ("students without a copy", "élèves sans copie"),
    "no_student": ("copies without a student", "copies sans élève"),
    "not_graded": ("copies not finalized", "copies non finalisées"),
    "checking": ("Looking at the scan", "Examen du scan"),
    "check_found": (
        "{copies} copies from {pages} scanned pages, {incomplete} incomplete.",
        "{copies} copies dans {pages} pages scannées, dont {incomplete} incomplètes.",
    ),
    "check_picture": (
        "What was found, drawn on the first headers: {path}",
        "Ce qui a été trouvé, dessiné sur les premiers en-têtes : {path}",
    ),
    "first_account": (
        "First account of the dashboard, shown once: {login} / {password}",
        "Premier compte du tableau de bord, montré une fois : {login} / {password}",
    ),
    "roster_changed": (
        "{added} students added, {changed} corrected; {absent} not in the file stay on the roster.",
        "{added} élèves ajoutés, {changed} corrigés ; {absent} absents du fichier sont gardés.",
    ),
    "roster_erased": (
        "Erased from this exam, left out: {students}. `exam roster --erased-too` takes them.",
        "Effacés de cet examen, écartés : {students}. `exam roster --erased-too` les reprend.",
    ),
    "marker": ("Marker", "Correcteur"),
    "no_exams": (
        "No exam yet: `viatique exam create exam.toml`.",
        "Aucun examen : `viatique exam create exam.toml`.",
    ),
    "no_copies": (
        "No copies yet: `viatique import {exam} SCAN.pdf`.",
        "Pas encore de copies : `viatique import {exam} SCAN.pdf`.",
    ),
    "nobody_marks": ("No marker holds a copy.", "Personne n'a de copie en cours de correction."),
    "col_exam": ("Exam", "Examen"),
    "col_name": ("Name", "Nom"),
    "col_date": ("Date", "Date"),
    "col_created": ("Created", "Créé"),
    "col_copy": ("Copy", "Copie"),
    "col_pages": ("Pages", "Pages"),
    "col_status": ("Status", "Statut"),
    "col_identity": ("Identity", "Identité"),
    "col_student": ("Student", "Élève"),
    "col_confidence": ("Confidence", "Confiance"),
    "col_score": ("Score", "Note"),
    "col_account": ("Account", "Compte"),
    "col_login": ("Login", "Connexion"),
    "col_role": ("Role", "Rôle"),
    "col_state": ("State", "État"),
    "col_question": ("Question", "Question"),
    "col_points": ("Points", "Points"),
    "col_held": ("Held for", "Pris depuis"),
    "col_ends": ("Ends in", "Libre dans"),
    "col_refused": ("Refused", "Refusé"),
    "col_times": ("Times", "Fois"),
    "col_session": ("Session", "Session"),
    "col_program": ("Program", "Programme"),
    "col_transaction": ("Transaction", "Transaction"),
    "col_waits": ("Waits for", "Attend"),
    "col_claims": ("Claims", "Travaux"),
    "col_chore": ("Chore", "Tâche"),
    "col_done": ("Done", "Fait"),
    "col_problems": ("Problems", "Défauts"),
    "last_name": ("last name", "nom"),
    "first_name": ("first name", "prénom"),
    "birth_date": ("date of birth", "date de naissance"),
    "student_number": ("number", "numéro"),
    "disabled": ("disabled", "désactivé"),
    "making_demo": (
        "Making an exam of {copies} handwritten copies…",
        "Fabrication d'un examen de {copies} copies manuscrites…",
    ),
    "demo_scan": ("The made-up scan:", "Le scan fabriqué :"),
    "demo_all": ("All of them:", "Toutes :"),
    "demo_beside": ("marks in results.csv beside it", "notes dans results.csv, à côté"),
    "demo_history": ("A copy's history:", "L'histoire d'une copie :"),
    "demo_up": (
        "Dashboard, Prefect UI, API, metrics:",
        "Tableau de bord, Prefect, API, métriques :",
    ),
    "dispatched": (
        "{count} assignments made or moved.",
        "{count} attributions faites ou déplacées.",
    ),
    "trail_checked": (
        "{events} events checked, {seals} seals, {unsealed} not sealed yet, {problems} problem(s).",
        "{events} événements, {seals} sceaux, {unsealed} non scellés, {problems} défaut(s).",
    ),
    "trail_sealed": ("{events} events sealed.", "{events} événements scellés."),
    "trail_exported": ("{events} events written.", "{events} événements écrits."),
    "erasing": (
        "Student {student}, gone for good: copies {copies}, pages {pages}, marks files {marks}.",
        "Élève {student}, effacés pour de bon : copies {copies}, pages {pages}, fichiers {marks}.",
    ),
    "erasing_exam": (
        "All people and files of exam {exam} go for good.",
        "Toutes les personnes et tous les fichiers de l'examen {exam} disparaîtront.",
    ),
    "add_yes": ("Nothing was erased: add --yes to do it.", "Rien d'effacé : ajouter --yes."),
    "erased": ("Erased.", "Effacé."),
    "still_named": (
        "Their name is written on other copies, look there: {copies}",
        "Leur nom est écrit sur d'autres copies, à regarder : {copies}",
    ),
    "outside": (
        "Results, ZIPs and backups written elsewhere are yours to delete.",
        "Les résultats, ZIP et sauvegardes écrits ailleurs restent à supprimer.",
    ),
    "backed_up": (
        "Backup of {at}: the database and {files} files, {mib} MiB, all of it checked.",
        "Sauvegarde du {at} : la base et {files} fichiers, {mib} Mio, tout est vérifié.",
    ),
    "nothing_to_do": ("There was nothing left to do.", "Il ne restait rien à faire."),
}


def text(key: str, language: Language, **values: object) -> str:
    """The text of a key with its values filled in."""
    english, french = TEXTS[key]
    return (french if language is Language.FR else english).format(**values)


def reason_text(code: str, language: Language) -> str:
    """What a stored reason or error code means, for people; an unknown code stands for itself."""
    english, french = REASONS.get(code, (code, code))
    return french if language is Language.FR else english


def sentence_text(sentence: str, language: Language) -> str:
    """What an error or a problem says in English, in the reader's language."""
    return in_french(sentence) if language is Language.FR else sentence


def error_text(error: ViatiqueError, language: Language) -> str:
    """What happened and what to do next, in the reader's language."""
    said = (sentence_text(error.what, language), sentence_text(error.next_step, language))
    return " ".join(said).strip()
