"""Texts of the Users page."""

TEXTS: dict[str, tuple[str, str]] = {
    # key: (English, French)
    "users": ("Users", "Utilisateurs"),
    "users_help": (
        "Who may sign in, and what for. Passwords and tokens are shown once and kept nowhere.",
        "Qui peut se connecter, et pour quoi. Mots de passe et jetons ne sont montrés qu'une fois.",
    ),
    "login": ("Login", "Identifiant de connexion"),
    "role": ("Role", "Rôle"),
    "account_id": ("Id in the trail", "Id dans le journal"),
    "account_state": ("State", "État"),
    "account_locked": ("locked until {time}", "bloqué jusqu'à {time}"),
    "account_open": ("active", "actif"),
    "account_disabled": ("disabled", "désactivé"),
    "disable_account": ("Disable", "Désactiver"),
    "enable_account": ("Enable", "Réactiver"),
    "disable_help": (
        "A disabled account does not get in, whatever it signs in with; what it did stays.",
        "Un compte désactivé n'entre plus, par aucun moyen ; ce qu'il a fait reste.",
    ),
    "add_account": ("Add an account", "Ajouter un compte"),
    "add": ("Add", "Ajouter"),
    "one_account": ("One account", "Un compte"),
    "change_role": ("Change the role", "Changer le rôle"),
    "role_changed": ("The role is changed.", "Le rôle est changé."),
    "new_password": ("New password", "Nouveau mot de passe"),
    "new_password_help": (
        "Signs the account out everywhere.",
        "Déconnecte le compte partout.",
    ),
    "tokens": ("Tokens of programs", "Jetons de programmes"),
    "token_name": ("Name of the program", "Nom du programme"),
    "make_token": ("Make a token", "Créer un jeton"),
    "revoke": ("Revoke {name}", "Révoquer {name}"),
    "shown_once": ("Shown once, for {what}:", "Montré une seule fois, pour {what} :"),
    "login_needed": ("A login is needed.", "Il faut un identifiant."),
}
