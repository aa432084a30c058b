"""The Prefect server reaches its database as safely as Viatique reaches its own."""

import pytest

from viatique.db.admin import with_database
from viatique.services.prefect_database import TLS, postgres_variables

ADDRESS = "postgresql+asyncpg://u:p%40ss@db:6432/prefect"
URL = "PREFECT_API_DATABASE_CONNECTION_URL"
FULL = {URL: ADDRESS, f"{TLS}ENABLED": "true", f"{TLS}CHECK_HOSTNAME": "true"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {URL: f"{ADDRESS}?ssl=prefer"}),
        ("?sslmode=require", {URL: f"{ADDRESS}?ssl=require"}),
        ("?sslmode=disable", {URL: f"{ADDRESS}?ssl=disable"}),
        ("?sslmode=verify-full&sslrootcert=system", FULL),
        (
            "?sslmode=verify-full&sslrootcert=/etc/a%20b.pem&sslcert=/c.pem&sslkey=/k.pem",
            {
                **FULL,
                f"{TLS}CA_FILE": "/etc/a b.pem",
                f"{TLS}CERT_FILE": "/c.pem",
                f"{TLS}KEY_FILE": "/k.pem",
            },
        ),
        ("?sslmode=verify-ca", {**FULL, f"{TLS}CHECK_HOSTNAME": "false"}),
    ],
    ids=["none", "require", "disable", "verify-full, system", "verify-full, files", "verify-ca"],
)
def test_tls_is_that_of_the_database_url(query: str, expected: dict[str, str]) -> None:
    url = with_database(f"postgresql://u:p%40ss@db:6432/viatique{query}", "prefect")
    assert postgres_variables(url) == expected
