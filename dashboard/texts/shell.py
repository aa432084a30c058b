"""Texts that every page has around it: navigation, signing out, choosing an exam."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "group_exams": ("Exams", "Examens"),
    "group_desks": ("Desks", "Postes de travail"),
    "group_watch": ("Keeping watch", "Surveillance"),
    "role_admin": ("administrator", "administrateur"),
    "role_coordinator": ("coordinator", "coordination"),
    "role_marker": ("marker", "correcteur"),
    "role_viewer": ("staff", "secrétariat"),
    "sign_out": ("Sign out", "Se déconnecter"),
    "language": ("Français", "English"),
    "no_exam": (
        "No exam yet. Create one: `viatique exam create exam.toml`",
        "Aucun examen. Pour en créer un : `viatique exam create exam.toml`",
    ),
    "exam": ("Exam", "Examen"),
    "not_allowed": ("Your account does not see this.", "Votre compte n'y a pas accès."),
    "all": ("all", "tous"),
    "page": ("Page", "Page"),
    "pages": ("pages", "pages"),
}
