"""Serves the dashboard: ``python -m dashboard.server HOST PORT``, behind its gate.

Run by ``viatique up``, which has started the database.
"""

import base64
import hashlib
import re
import sys
from contextlib import suppress
from importlib import resources
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard.core import open_database, workbench
from dashboard.files import ROUTES
from dashboard.gate import Gate, Proxy
from dashboard.look import THEME
from dashboard.openid import openid_of
from dashboard.routes import Routes, api_on
from viatique.settings import load_settings

CONFIG = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.postScriptGC": False,
    "runner.fastReruns": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 2048,
    "logger.level": "warning",
    **THEME,
}


def content_policy() -> str:
    """A Content-Security-Policy that allows Streamlit's own files and its inline scripts only."""
    page = (resources.files("streamlit") / "static" / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    ]
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(hashes)}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def trusted_proxy() -> Proxy | None:
    """The proxy that signs people in, where the settings name one."""
    settings = load_settings()
    if settings.proxy_header is None:
        return None
    return Proxy(header=settings.proxy_header, address=settings.proxy_address)


app = st.App(
    Path(__file__).with_name("app.py"),
    routes=ROUTES,
    middleware=[
        Middleware(
            Gate,
            database=open_database(),
            policy=content_policy(),
            proxy=trusted_proxy(),
            openid=openid_of(load_settings()),
        ),
        Middleware(Routes, create_api=lambda: api_on(workbench())),
    ],
)


if __name__ == "__main__":
    host, port = sys.argv[1], int(sys.argv[2])
    with suppress(KeyboardInterrupt):
        app.run(config={**CONFIG, "server.address": host, "server.port": port})
