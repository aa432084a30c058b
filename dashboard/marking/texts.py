"""Texts of the marking page, in French and English; the component gets those of one language."""

from viatique.models import Language

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "decimal_mark": (".", ","),
    "tools": ("Tools", "Outils"),
    "SELECT": ("Select and move", "Sélectionner et déplacer"),
    "COMMENT": ("Comment", "Commentaire"),
    "HIGHLIGHT": ("Highlight", "Surligner"),
    "ERROR": ("Error", "Erreur"),
    "BONUS": ("Bonus", "Bonus"),
    "TICK": ("Right", "Juste"),
    "CROSS": ("Wrong", "Faux"),
    "FREEHAND": ("Draw", "Dessiner"),
    "edit": ("Change the words", "Modifier le texte"),
    "delete": ("Delete", "Supprimer"),
    "undo": ("Undo", "Annuler"),
    "redo": ("Redo", "Rétablir"),
    "pages": ("Pages", "Pages"),
    "page": ("The page and its annotations", "La page et ses annotations"),
    "page_of": ("Page {page}", "Page {page}"),
    "no_page": ("This page cannot be shown.", "Cette page ne peut pas être affichée."),
    "comment": ("Comment", "Commentaire"),
    "points_beside": ("Points (shown only)", "Points (indicatifs)"),
    "keep": ("Keep for all", "Garder pour tous"),
    "kept": ("Kept in the comment bank.", "Ajouté à la banque de commentaires."),
    "bank": ("Comment bank", "Banque de commentaires"),
    "drop": ("Drop from the bank", "Retirer de la banque"),
    "done": ("Done", "Terminé"),
    "bad_comment": (
        "A comment to keep has 1 to 500 characters.",
        "Un commentaire à garder a de 1 à 500 caractères.",
    ),
    "bad_points_beside": (
        "Write points as −0.5 or 1, or leave them out.",
        "Écrivez les points ainsi : −0,5 ou 1, ou rien.",
    ),
    "scores": ("Points", "Points"),
    "remark": ("Remark", "Remarque"),
    "appreciation": ("On the whole copy", "Appréciation générale"),
    "full": ("All points", "Tous les points"),
    "questions_left": ("{count} left", "reste {count}"),
    "all_given": ("complete", "complet"),
    "bad_points": ("From 0 to {maximum}.", "De 0 à {maximum}."),
    "bad_step": ("In steps of {step}.", "Par pas de {step}."),
    "next": ("Next copy", "Copie suivante"),
    "saved": ("Saved", "Enregistré"),
    "saving": ("Saving…", "Enregistrement…"),
    "invalid": ("Something cannot be saved as it is.", "Une saisie ne peut pas être enregistrée."),
    "read_only": ("To read only", "Lecture seule"),
    "take": ("Take this copy", "Prendre cette copie"),
    "again": ("Try again", "Réessayer"),
    "kept_here": (
        "What you wrote is kept here.",
        "Ce que vous avez écrit est conservé ici.",
    ),
    "keep_mine": ("Keep mine", "Garder le mien"),
    "take_theirs": ("Take that one", "Prendre celui-là"),
    "deleted": ("deleted", "supprimé"),
    "stale_version": (
        "Changed by somebody else meanwhile: {theirs}",
        "Modifié entre-temps par quelqu'un d'autre : {theirs}",
    ),
    "missing": (
        "The copy was taken back from you.",
        "La copie vous a été retirée.",
    ),
    "expired": (
        "You were away too long: the copy is free again.",
        "Vous êtes resté trop longtemps absent : la copie est de nouveau libre.",
    ),
    "owner_mismatch": (
        "Another marker has taken this copy.",
        "Un autre correcteur a pris cette copie.",
    ),
    "token_mismatch": (
        "You have taken this copy in another tab.",
        "Vous avez pris cette copie dans un autre onglet.",
    ),
    "already_locked": (
        "Another marker is on this copy.",
        "Un autre correcteur est sur cette copie.",
    ),
    "locked_by_me": (
        "You have this copy open elsewhere.",
        "Vous avez ouvert cette copie ailleurs.",
    ),
    "already_graded": (
        "This copy is finalized: it cannot be changed any more.",
        "Cette copie est finalisée : elle ne peut plus être modifiée.",
    ),
    "illegal_transition": (
        "This copy cannot be marked yet.",
        "Cette copie ne peut pas encore être corrigée.",
    ),
    "forbidden": (
        "This copy is not yours to mark.",
        "Il ne vous revient pas de corriger cette copie.",
    ),
    "not_found": ("It is not there any more.", "Cela n'existe plus."),
    "not_signed_in": (
        "Your session has ended: sign in again in another tab, then go on here.",
        "Votre session est terminée : reconnectez-vous dans un autre onglet, puis continuez ici.",
    ),
    "unreachable": (
        "Not saved yet: trying again.",
        "Pas encore enregistré : nouvelle tentative.",
    ),
}


def texts_in(language: Language) -> dict[str, str]:
    """Every text by its key."""
    place = 1 if language is Language.FR else 0
    return {key: both[place] for key, both in TEXTS.items()}
