"""A small OpenID Connect provider on loopback, which also lies when asked to."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECRET = "the client's secret"  # noqa: S105


class Provider(BaseHTTPRequestHandler):
    """Issues one code for the last request it was sent; ``lies`` replaces claims."""

    issuer: ClassVar[str]
    asked: ClassVar[dict[str, str]]
    lies: ClassVar[dict[str, Any]]
    key: ClassVar[rsa.RSAPrivateKey]

    def do_GET(self) -> None:
        if self.path == "/keys":
            key = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
            return self._answer({"keys": [{**key, "kid": "1", "use": "sig"}]})
        if self.path.startswith("/authorize"):
            return self._send_back()
        paths = {"authorization": "authorize", "token": "token"}
        endpoints = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in paths.items()}
        return self._answer({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **endpoints})

    def _send_back(self) -> None:
        """As a provider at which somebody is signed in already."""
        asked = type(self).asked = dict(parse_qsl(urlsplit(self.path).query))
        back = urlencode({"code": "code", "state": asked["state"]})
        self.send_response(303)
        self.send_header("location", f"{asked['redirect_uri']}?{back}")
        self.end_headers()

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        known = (self.asked["code_challenge"], self.asked["redirect_uri"], "code", SECRET)
        if (challenge, form["redirect_uri"], form["code"], form["client_secret"]) != known:
            return self._answer({"error": "invalid_grant"}, 400)
        claims = {
            "iss": self.issuer,
            "aud": self.asked["client_id"],
            "sub": "1",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": self.asked["nonce"],
            "preferred_username": "Dupont",
            **self.lies,
        }
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
        return self._answer({"id_token": token})

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@contextmanager
def serving() -> Iterator[type[Provider]]:
    """The provider while it serves; ``localhost`` is another site than ``127.0.0.1``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Provider.issuer = f"http://localhost:{server.server_port}"
    Provider.asked, Provider.lies, Provider.key = {}, {}, KEY
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Provider
    server.shutdown()
    thread.join()
    server.server_close()
