"""Texts that every page has around it: navigation, signing out, choosing an exam."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "group_exams": ("Exams and copies", "Examens et copies"),
    "group_desks": ("Desks", "Postes de travail"),
    "group_watch": ("Keeping watch", "Surveillance"),
    "role_admin": ("administrator", "administrateur"),
    "role_coordinator": ("coordinator", "coordination"),
    "role_marker": ("marker", "correcteur"),
    "role_viewer": ("staff", "secrétariat"),
    "ago": ("{duration} ago", "il y a {duration}"),
    "lasts_days": ("{count} d", "{count} j"),
    "lasts_hours": ("{count} h", "{count} h"),
    "lasts_minutes": ("{count} min", "{count} min"),
    "lasts_seconds": ("{count} s", "{count} s"),
    "ago_now": ("just now", "à l'instant"),
    "older": ("Older", "Plus anciens"),
    "newest": ("Newest", "Plus récents"),
    "sign_out": ("Sign out", "Se déconnecter"),
    "language": ("Français", "English"),
    "no_exam": (
        "No exam yet. A coordinator creates one on the Exams page.",
        "Aucun examen. La coordination en crée un à la page Examens.",
    ),
    "exam": ("Exam", "Examen"),
    "not_allowed": ("Your account does not see this.", "Votre compte n'y a pas accès."),
    "all": ("all", "tous"),
    "page": ("Page", "Page"),
    "pages": ("pages", "pages"),
}
