"""Texts of the dashboard, in French and English."""

from viatique.models import Language

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "todo": ("To do", "À faire"),
    "copies": ("Copies", "Copies"),
    "copy": ("Copy", "Copie"),
    "identify": ("Identify", "Identifier"),
    "audit": ("Audit trail", "Journal d'audit"),
    "sign_out": ("Sign out", "Se déconnecter"),
    "language": ("Français", "English"),
    "no_exam": (
        "No exam yet. Create one: `viatique exam create exam.toml`",
        "Aucun examen. Pour en créer un : `viatique exam create exam.toml`",
    ),
    "exam": ("Exam", "Examen"),
    "pages": ("pages", "pages"),
    "identified": ("Identified", "Identifiées"),
    "to_confirm": ("Identity to confirm", "Identités à confirmer"),
    "quarantined": ("In quarantine", "En quarantaine"),
    "unmarked": ("Marks not complete", "Notes incomplètes"),
    "graded": ("Finalized", "Finalisées"),
    "failed": ("Failed", "En échec"),
    "nothing_waits": ("Nothing waits for you here.", "Rien ne vous attend ici."),
    "status": ("Status", "Statut"),
    "identity": ("Identity", "Identité"),
    "student": ("Student", "Élève"),
    "confidence": ("Confidence", "Confiance"),
    "scan_pages": ("Pages of the scan", "Pages du scan"),
    "all": ("all", "tous"),
    "page": ("Page", "Page"),
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
    "whose": ("Whose is this copy?", "À qui est cette copie ?"),
    "left": ("{count} left", "encore {count}"),
    "nobody": ("Nobody on the roster", "Personne de la liste"),
    "skip": ("Later", "Plus tard"),
    "someone_else": ("Somebody else on the roster", "Quelqu'un d'autre de la liste"),
    "choose": ("Type a name", "Taper un nom"),
    "confirm": ("Confirm", "Confirmer"),
    "whole_page": ("Whole page", "Page entière"),
    "saved": ("{copy}: saved.", "{copy} : enregistré."),
    "keys": (
        "Keys: 1 to 4 choose, 0 nobody, → later",
        "Touches : 1 à 4 choisissent, 0 personne, → plus tard",
    ),
    "action": ("Action", "Action"),
    "correlation": ("Correlation id (flow run)", "Id de corrélation (exécution)"),
    "when": ("When (UTC)", "Quand (UTC)"),
    "who": ("Who", "Qui"),
    "details": ("Details", "Détails"),
    "older": ("Older", "Plus anciens"),
    "newest": ("Newest", "Plus récents"),
    "verify": ("Check the trail", "Vérifier le journal"),
    "trail_fine": (
        "{count} events checked: trail and tables tell the same story.",
        "{count} événements vérifiés : le journal et les tables concordent.",
    ),
    "trail_bad": ("{count} problem(s) found.", "{count} problème(s)."),
    "not_allowed": ("Your account does not see this.", "Votre compte n'y a pas accès."),
    "second_thoughts": ("Look again at the copy just done", "Revoir la copie précédente"),
}

REASONS: dict[str, tuple[str, str]] = {
    "last_name_fits": ("last name fits", "le nom correspond"),
    "last_name_close": ("last name close", "nom proche"),
    "last_name_differs": ("last name differs", "le nom diffère"),
    "first_name_fits": ("first name fits", "le prénom correspond"),
    "first_name_close": ("first name close", "prénom proche"),
    "first_name_differs": ("first name differs", "le prénom diffère"),
    "birth_date_fits": ("date of birth fits", "la date de naissance correspond"),
    "birth_date_close": ("date of birth close", "date de naissance proche"),
    "birth_date_differs": ("date of birth differs", "la date de naissance diffère"),
    "student_number_fits": ("number fits", "le numéro correspond"),
    "student_number_close": ("number close", "numéro proche"),
    "student_number_differs": ("number differs", "le numéro diffère"),
    "fields_swapped": ("last and first name swapped", "nom et prénom inversés"),
}
"""Why a candidate fits, by the codes of ``viatique.matching``."""


def text(key: str, language: Language, **values: object) -> str:
    """The text of a key with its values filled in."""
    english, french = TEXTS[key]
    return (french if language is Language.FR else english).format(**values)


def why(code: str, language: Language) -> str:
    """Why a candidate fits, for people."""
    english, french = REASONS.get(code, (code, code))
    return french if language is Language.FR else english
