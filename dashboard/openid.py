"""Sign-in at an OpenID Connect provider: authorization code flow with PKCE, state and nonce.

What the provider says is believed only after its ID token was checked: signature by a key of its
JWKS, issuer, audience, times, nonce. Nothing of it is logged.
"""

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from viatique.access import Role
from viatique.errors import InvalidSettings
from viatique.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key pair only: the client's secret, known to others, signs nothing."""
LEEWAY_S = 60
"""By how much the provider's clock may differ."""
TIMEOUT_S = 10
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Refused(Exception):
    """The provider, or who comes from it, is not believed; the message is a code, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a browser that went to the provider must bring back, kept in its cookie."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> "Attempt":
        return cls(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
        )

    @classmethod
    def parse(cls, text: str) -> "Attempt | None":
        """The attempt of a cookie; None when it is not one."""
        parts = text.split(".")
        if len(parts) != 3 or not all(parts):
            return None
        return cls(state=parts[0], nonce=parts[1], verifier=parts[2])

    def __str__(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signed in at the provider; ``role`` is None where the local account tells it."""

    login: str = field(repr=False)
    role: Role | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenId:
    """A provider and what it knows us by.

    Attributes:
        callback: where the provider sends browsers back to.
        roles: value of ``role_claim`` to role; the first that fits counts.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    callback: str
    login_claim: str
    role_claim: str | None
    roles: Mapping[str, Role]
    with_passwords: bool

    async def address(self, attempt: Attempt) -> str:
        """Where to send a browser to sign in.

        Raises:
            Refused: the provider does not answer as one.
        """
        async with _client() as client:
            found = await self._discover(client)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": "openid profile email",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        there = _endpoint(found, "authorization_endpoint")
        return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(asked)}"

    async def person(self, attempt: Attempt | None, answer: Mapping[str, str]) -> Person:
        """Who comes back from the provider.

        Raises:
            Refused: it is not the browser that left, or the ID token does not hold.
        """
        state = answer.get("state", "")
        if attempt is None or not secrets.compare_digest(state.encode(), attempt.state.encode()):
            raise Refused("state")
        code = answer.get("code")
        if not code:
            raise Refused("no_code")
        async with _client() as client:
            found = await self._discover(client)
            token = await self._exchange(client, found, code, attempt.verifier)
            keys = await _json(client.get(_endpoint(found, "jwks_uri")))
        claims = self._checked(token, keys)
        if not secrets.compare_digest(str(claims["nonce"]).encode(), attempt.nonce.encode()):
            raise Refused("nonce")
        return self._person(claims)

    async def _discover(self, client: httpx.AsyncClient) -> dict[str, Any]:
        place = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await _json(client.get(place))
        if found.get("issuer") != self.issuer:
            raise Refused("issuer")
        return found

    async def _exchange(
        self, client: httpx.AsyncClient, found: Mapping[str, Any], code: str, verifier: str
    ) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": verifier,
            "client_id": self.client_id,
        }
        if self.client_secret:
            form["client_secret"] = self.client_secret
        answer = await _json(client.post(_endpoint(found, "token_endpoint"), data=form))
        return str(answer.get("id_token", ""))

    def _checked(self, token: str, keys: dict[str, Any]) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            usable = [
                key
                for key in jwt.PyJWKSet.from_dict(keys).keys
                if key.public_key_use in (None, "sig") and header.get("kid") in (None, key.key_id)
            ]
            if not usable:
                raise Refused("no_key")
            claims = jwt.decode(
                token,
                usable[0],
                algorithms=list(ALGORITHMS),
                audience=self.client_id,
                issuer=self.issuer,
                leeway=LEEWAY_S,
                options={"require": ["iss", "aud", "exp", "iat", "sub", "nonce"]},
            )
        except jwt.PyJWTError as error:
            raise Refused(type(error).__name__) from None
        if claims.get("azp", self.client_id) != self.client_id:
            raise Refused("azp")
        return claims

    def _person(self, claims: Mapping[str, Any]) -> Person:
        login = claims.get(self.login_claim)
        if not isinstance(login, str) or not login.strip():
            raise Refused("no_login")
        if self.login_claim == "email" and claims.get("email_verified") is not True:
            raise Refused("email_not_verified")
        if self.role_claim is None:
            return Person(login=login, role=None)
        told = claims.get(self.role_claim)
        told = told if isinstance(told, list) else [told]
        role = next((role for value, role in self.roles.items() if value in told), None)
        if role is None:
            raise Refused("no_role")
        return Person(login=login, role=role)


def openid_of(settings: Settings) -> OpenId | None:
    """The provider the settings name, if any.

    Raises:
        InvalidSettings: they do not make a whole, or anybody on the way could read along.
    """
    if settings.oidc_issuer is None:
        return None
    client_id, callback = settings.oidc_client_id, settings.oidc_callback
    if client_id is None or callback is None or not _is_private(settings.oidc_issuer):
        raise _unusable("VIATIQUE_OIDC_ISSUER, VIATIQUE_OIDC_CLIENT_ID, VIATIQUE_OIDC_CALLBACK")
    pairs = [pair.rpartition("=") for pair in settings.oidc_roles.split(",") if pair.strip()]
    try:
        roles = {value.strip(): Role(role.strip()) for value, _, role in pairs}
    except ValueError:
        raise _unusable("VIATIQUE_OIDC_ROLES") from None
    if bool(roles) != bool(settings.oidc_role_claim):
        raise _unusable("VIATIQUE_OIDC_ROLE_CLAIM, VIATIQUE_OIDC_ROLES")
    secret = settings.oidc_client_secret
    return OpenId(
        issuer=settings.oidc_issuer,
        client_id=client_id,
        client_secret=secret.get_secret_value() if secret else None,
        callback=callback,
        login_claim=settings.oidc_login_claim,
        role_claim=settings.oidc_role_claim or None,
        roles=roles,
        with_passwords=settings.oidc_with_passwords,
    )


def _unusable(names: str) -> InvalidSettings:
    return InvalidSettings(
        f"These settings have values that cannot be used: {names}.",
        next_step="See the settings table in README.md.",
    )


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT_S)


def _endpoint(found: Mapping[str, Any], name: str) -> str:
    address = found.get(name)
    if not isinstance(address, str) or not _is_private(address):
        raise Refused(name)
    return address


def _is_private(address: str) -> bool:
    """Whether nobody on the way can read along."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


async def _json(request: Awaitable[httpx.Response]) -> dict[str, Any]:
    try:
        answer = (await request).raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise Refused("provider") from None
    if not isinstance(answer, dict):
        raise Refused("provider")
    return answer
