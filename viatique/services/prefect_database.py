"""How the Prefect server is told of its database: by variables, never by arguments.

Prefect speaks to Postgres through asyncpg, which knows libpq's ``sslmode`` by other names.
"""

from pathlib import Path
from urllib.parse import parse_qsl

from viatique.db.admin import create_database, with_database
from viatique.services.environment import prefect_home

TLS = "PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_"
FILES = {"sslrootcert": "CA_FILE", "sslcert": "CERT_FILE", "sslkey": "KEY_FILE"}


def prefect_database(home: Path, dsn: str) -> dict[str, str]:
    """The server's variables: a database of its own beside ours, over TLS where ours is.

    Where the role may not create one, Prefect keeps SQLite in the home.
    """
    note = home / "run" / "prefect.sqlite"
    if not note.exists() and create_database(dsn, "prefect"):
        return postgres_variables(with_database(dsn, "prefect"))
    note.touch()
    return {
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{prefect_home(home)}/prefect.db"
    }


def postgres_variables(url: str) -> dict[str, str]:
    """The same database for Prefect, as safe as libpq would make it."""
    address, _, query = url.replace("postgresql://", "postgresql+asyncpg://", 1).partition("?")
    parts = dict(parse_qsl(query))
    mode = parts.get("sslmode", "prefer")
    if mode not in {"verify-ca", "verify-full"}:
        return {"PREFECT_API_DATABASE_CONNECTION_URL": f"{address}?ssl={mode}"}
    files = {
        f"{TLS}{wanted}": parts[name]
        for name, wanted in FILES.items()
        if parts.get(name, "system") != "system"  # the machine's own authorities
    }
    return {
        "PREFECT_API_DATABASE_CONNECTION_URL": address,
        f"{TLS}ENABLED": "true",
        f"{TLS}CHECK_HOSTNAME": str(mode == "verify-full").lower(),
        **files,
    }
