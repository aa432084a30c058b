"""Sign-in at a small OpenID Connect provider that may lie."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.gate import BACK, LEAVE, Gate
from dashboard.openid import openid_of
from tests.dashboard.openid_provider import SECRET, Provider, serving
from viatique.access import Role
from viatique.db.accounts import find_account
from viatique.db.pool import Database
from viatique.errors import InvalidSettings
from viatique.settings import Settings
from viatique.steps.sign_in import SESSION_COOKIE, create_account

OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CALLBACK = "http://testserver/sign-in/back"
ROLES = {"oidc_role_claim": "groups", "oidc_roles": "exams=coordinator,teachers=marker"}


@pytest.fixture
def provider() -> Iterator[type[Provider]]:
    with serving() as provider:
        yield provider


def settings_of(provider: type[Provider], **more: str | bool) -> Settings:
    return Settings(
        oidc_issuer=provider.issuer,
        oidc_client_id="viatique",
        oidc_client_secret=SecretStr(SECRET),
        oidc_callback=CALLBACK,
        **more,
    )


async def inside(_request: object) -> PlainTextResponse:
    return PlainTextResponse("inside")


def client_of(database: Database, settings: Settings) -> TestClient:
    gate = Middleware(
        Gate, database=database, policy="default-src 'self'", openid=openid_of(settings)
    )
    app = Starlette(routes=[Route("/inside", inside)], middleware=[gate])
    return TestClient(app, follow_redirects=False)


def come_back(client: TestClient, provider: type[Provider], **changed: str) -> httpx.Response:
    """Leaves for the provider and comes back with a code."""
    there = urlsplit(client.get(LEAVE).headers["location"])
    provider.asked = {name: values[0] for name, values in parse_qs(there.query).items()}
    back = {"code": "code", "state": provider.asked["state"], **changed}
    return client.get(BACK, params=back)


def role_of(database: Database, login: str) -> Role | None:
    with database.transaction() as connection:
        account = find_account(connection, login)
    return account.role if account else None


def test_the_local_account_of_that_login_gets_a_session(
    database: Database, provider: type[Provider]
) -> None:
    create_account(database, "dupont", Role.MARKER)
    client = client_of(database, settings_of(provider))
    answer = come_back(client, provider)
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 200
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/inside").text == "inside"
    token = client.cookies[SESSION_COOKIE]
    client.get("/sign-out")
    client.cookies.set(SESSION_COOKIE, token)
    assert client.get("/inside").status_code == 401


def test_a_claim_tells_the_role_each_time(database: Database, provider: type[Provider]) -> None:
    client = client_of(database, settings_of(provider, **ROLES))
    for groups, role in ((["teachers"], Role.MARKER), (["teachers", "exams"], Role.COORDINATOR)):
        provider.lies = {"groups": groups}
        assert come_back(client, provider).status_code == 200
        assert role_of(database, "dupont") == role
    assert client.get("/inside").text == "inside"


@pytest.mark.parametrize("groups", [None, [], "students", ["students"], 3])
def test_an_unknown_role_gets_nothing(
    database: Database, provider: type[Provider], groups: object
) -> None:
    provider.lies = {"groups": groups}
    client = client_of(database, settings_of(provider, **ROLES))
    refused(client, come_back(client, provider))
    assert role_of(database, "dupont") is None


def test_without_an_account_or_a_role_nobody_gets_in(
    database: Database, provider: type[Provider]
) -> None:
    client = client_of(database, settings_of(provider))
    refused(client, come_back(client, provider))


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": ["viatique", "another"], "azp": "another"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": None},
    ],
    ids=["nonce", "audience", "party", "issuer", "expired", "no-expiry"],
)
def test_a_token_that_does_not_hold_gets_nothing(
    database: Database, provider: type[Provider], lies: dict[str, Any]
) -> None:
    create_account(database, "dupont", Role.MARKER)
    provider.lies = lies
    client = client_of(database, settings_of(provider))
    refused(client, come_back(client, provider))


def test_another_key_signs_nothing(database: Database, provider: type[Provider]) -> None:
    create_account(database, "dupont", Role.MARKER)
    provider.key = OTHER_KEY
    client = client_of(database, settings_of(provider))
    refused(client, come_back(client, provider))


def test_only_the_browser_that_left_comes_back(
    database: Database, provider: type[Provider]
) -> None:
    create_account(database, "dupont", Role.MARKER)
    client = client_of(database, settings_of(provider))
    refused(client, come_back(client, provider, state="another"))
    other = client_of(database, settings_of(provider))
    refused(other, other.get(BACK, params={"code": "code", "state": provider.asked["state"]}))


def test_passwords_count_only_where_asked(database: Database, provider: type[Provider]) -> None:
    form = {"login": "dupont", "password": create_account(database, "dupont", Role.MARKER)}
    client = client_of(database, settings_of(provider))
    assert client.post("/sign-in", data=form).status_code == 403
    assert "password" not in client.get("/sign-in").text
    both = client_of(database, settings_of(provider, oidc_with_passwords=True))
    assert both.post("/sign-in", data=form).status_code == 303
    assert LEAVE in both.get("/sign-in").text


def test_settings_that_make_no_whole_are_refused() -> None:
    whole = {"oidc_client_id": "viatique", "oidc_callback": CALLBACK}
    for settings in (
        Settings(oidc_issuer="https://login.example"),
        Settings(oidc_issuer="http://login.example", **whole),
        Settings(oidc_issuer="https://login.example", oidc_role_claim="groups", **whole),
        Settings(
            oidc_issuer="https://login.example", oidc_role_claim="x", oidc_roles="a=king", **whole
        ),
    ):
        with pytest.raises(InvalidSettings):
            openid_of(settings)


def refused(client: TestClient, answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert SESSION_COOKIE not in client.cookies
    assert client.get("/inside").status_code == 401
