"""Texts of the Exams page."""

from viatique.models import FieldName, Language, Layout, Segmentation

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "exams": ("Exams", "Examens"),
    "exams_help": (
        "Create an exam, give it its scans, start the work; it goes on when this page is closed.",
        "Créer un examen, lui donner ses scans, lancer le travail, qui continue page fermée.",
    ),
    "new_exam": ("New exam", "Nouvel examen"),
    "back_to_exams": ("Back to the exams", "Retour aux examens"),
    "facts": (
        "{students} students · {pages} pages a copy · {layout} · {segmentation} · {total} points",
        "{students} élèves · {pages} pages par copie · {layout} · {segmentation} · {total} points",
    ),
    "work": ("Work", "Travail"),
    "scans": ("Scans", "Scans"),
    "marking_scheme": ("Marking scheme", "Barème"),
    "scan_file": ("Scan of a batch of copies, PDF", "Scan d'un paquet de copies, PDF"),
    "import_scan": ("Import this scan", "Importer ce scan"),
    "check_scan": ("Try it first", "Essayer d'abord"),
    "check_help": (
        "Shows which copies and fields would be found. Imports nothing.",
        "Montre quelles copies et quels champs seraient trouvés. N'importe rien.",
    ),
    "checking_scan": ("Looking at the scan…", "Examen du scan…"),
    "check_done": (
        "{copies} copies in {pages} scanned pages, {incomplete} of them incomplete.",
        "{copies} copies dans {pages} pages scannées, dont {incomplete} incomplètes.",
    ),
    "check_colours": (
        "Green: read. Orange: empty. No frame: not found.",
        "Vert : lu. Orange : vide. Sans cadre : introuvable.",
    ),
    "same_file": (
        "The exam has this very file already; nothing was added.",
        "L'examen a déjà ce fichier ; rien n'a été ajouté.",
    ),
    "scan_received": (
        "The scan is kept, its import started.",
        "Le scan est gardé, son import lancé.",
    ),
    "scan_kept": (
        "The scan is kept. Its import could not be started: {why}",
        "Le scan est gardé. Son import n'a pas pu être lancé : {why}",
    ),
    "no_scans": ("No scan yet.", "Pas encore de scan."),
    "scan": ("Scan", "Scan"),
    "scan_state": ("State", "État"),
    "scan_cut": ("cut into copies", "découpé en copies"),
    "scan_waits": ("waits to be imported", "à importer"),
    "run_import": ("Import", "Importer"),
    "run_identify": ("Identify", "Identifier"),
    "run_finalize": ("Finalize", "Finaliser"),
    "run_process": ("All of it", "Tout à la suite"),
    "run_import_help": (
        "Cuts the scans into copies, those laid into the inbox too.",
        "Découpe les scans en copies, ceux déposés dans la boîte aussi.",
    ),
    "run_identify_help": (
        "Reads the headers and decides whose each copy is.",
        "Lit les en-têtes et décide à qui est chaque copie.",
    ),
    "run_finalize_help": (
        "Makes the final PDF of every copy whose marks are complete.",
        "Fait le PDF final de chaque copie dont les notes sont complètes.",
    ),
    "run_process_help": (
        "Import, identify, marks received, finalize, one after the other.",
        "Import, identification, notes reçues, finalisation, l'un après l'autre.",
    ),
    "run_started": ("Started: {name}.", "Lancé : {name}."),
    "runs": ("Latest runs", "Dernières exécutions"),
    "no_runs": ("Nothing has run yet.", "Rien n'a encore tourné."),
    "in_prefect": ("in Prefect", "dans Prefect"),
    "run_state_SCHEDULED": ("waiting", "en attente"),
    "run_state_PENDING": ("about to start", "sur le point de démarrer"),
    "run_state_RUNNING": ("running", "en cours"),
    "run_state_COMPLETED": ("done", "fait"),
    "run_state_FAILED": ("failed", "en échec"),
    "run_state_CRASHED": ("broke off", "interrompu"),
    "run_state_CANCELLED": ("cancelled", "annulé"),
    "run_state_CANCELLING": ("being cancelled", "en cours d'annulation"),
    "run_state_PAUSED": ("paused", "en pause"),
    "no_prefect": (
        "The Prefect server does not answer: nothing can be started. `viatique up` starts it.",
        "Le serveur Prefect ne répond pas : rien ne peut être lancé. `viatique up` le démarre.",
    ),
    "roster_file": (
        "Roster: CSV with id, last name, first name, date of birth",
        "Liste des élèves : CSV avec identifiant, nom, prénom, date de naissance",
    ),
    "roster_fine": ("{count} students; the first ones:", "{count} élèves ; les premiers :"),
    "roster_bad": (
        "{count} problem(s) in the roster; nothing is kept until they are corrected:",
        "{count} problème(s) dans la liste ; rien n'est gardé avant correction :",
    ),
    "roster": ("Students", "Élèves"),
    "roster_change_help": (
        "Adds a file's students or corrects their lines, and decides again. Nobody is taken off.",
        "Ajoute les élèves du fichier, corrige leurs lignes, puis réévalue. Personne n'est retiré.",
    ),
    "change_roster": ("Add or correct these students", "Ajouter ou corriger ces élèves"),
    "marks_from_file": ("Marks from a file", "Notes d'un fichier"),
    "marks_upload": ("Marks: CSV or JSON", "Notes : CSV ou JSON"),
    "marks_file_help": (
        "CSV columns: copy, question, points, remark. All of the file is recorded, or nothing.",
        "Colonnes du CSV : copie, question, points, remarque. Tout est enregistré, ou rien.",
    ),
    "record_marks": ("Record these marks", "Enregistrer ces notes"),
    "marks_bad": (
        "{count} problem(s) in the marks; nothing is recorded until they are corrected:",
        "{count} problème(s) dans les notes ; rien n'est enregistré avant correction :",
    ),
    "marks_recorded": ("Marks of {count} copies changed.", "Notes changées sur {count} copies."),
    "line": ("Line", "Ligne"),
    "column": ("Column", "Colonne"),
    "what_is_wrong": ("What is wrong", "Ce qui ne va pas"),
    "student_id": ("Id", "Identifiant"),
    "last_name": ("Last name", "Nom"),
    "first_name": ("First name", "Prénom"),
    "birth_date": ("Date of birth", "Date de naissance"),
    "by_form": ("By a form", "Par un formulaire"),
    "by_file": ("From an exam.toml", "D'après un exam.toml"),
    "exam_file": ("exam.toml", "exam.toml"),
    "exam_bad": ("The exam cannot be created:", "L'examen ne peut pas être créé :"),
    "create": ("Create the exam", "Créer l'examen"),
    "created": (
        "Exam {exam} is there. Give it its scans.",
        "L'examen {exam} est là. Donnez-lui ses scans.",
    ),
    "roster_first": ("The roster comes first.", "D'abord la liste des élèves."),
    "exam_name": ("Name of the exam", "Nom de l'examen"),
    "exam_date": ("Date", "Date"),
    "exam_layout": ("Sheets", "Feuilles"),
    "pages_per_copy": ("A4 pages of a complete copy", "Pages A4 d'une copie complète"),
    "exam_segmentation": ("Where a copy begins", "Où commence une copie"),
    "header_fields": ("What students write in the header", "Ce que l'élève écrit dans l'en-tête"),
    "pdf_language": ("Language of the final PDFs", "Langue des PDF finaux"),
    "total_points": ("Total of points", "Total des points"),
    "point_step": ("Points come in multiples of", "Les points vont par multiples de"),
    "questions": (
        "Questions: points must add up to the total",
        "Questions : la somme des points fait le total",
    ),
    "question_id": ("Question", "Question"),
    "question_label": ("Label", "Intitulé"),
    "points": ("Points", "Points"),
}  # fmt: skip

LAYOUTS: dict[Layout, tuple[str, str]] = {
    Layout.AUTO: ("found by itself", "trouvé tout seul"),
    Layout.A4: ("A4 sheets", "feuilles A4"),
    Layout.A3_FOLDED: ("folded A3", "A3 pliés"),
}
SEGMENTATIONS: dict[Segmentation, tuple[str, str]] = {
    Segmentation.HEADER: ("at each header", "à chaque en-tête"),
    Segmentation.PAGES: ("every so many pages", "toutes les n pages"),
}
FIELDS: dict[FieldName, tuple[str, str]] = {
    FieldName.LAST_NAME: ("last name", "nom"),
    FieldName.FIRST_NAME: ("first name", "prénom"),
    FieldName.BIRTH_DATE: ("date of birth", "date de naissance"),
    FieldName.STUDENT_NUMBER: ("number", "numéro"),
}
LANGUAGES: dict[Language, tuple[str, str]] = {
    Language.FR: ("French", "français"),
    Language.EN: ("English", "anglais"),
}
FLOWS: dict[str, tuple[str, str]] = {
    "import": ("import", "import"),
    "identify": ("identification", "identification"),
    "marks": ("marks", "notes"),
    "finalize": ("final PDFs", "PDF finaux"),
    "process": ("all of it", "tout à la suite"),
    "maintain": ("maintenance", "entretien"),
}
"""What a run does, by the first word of its name."""
