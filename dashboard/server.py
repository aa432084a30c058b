"""Serves the dashboard: ``python -m dashboard.server HOST PORT``, behind its gate.

Run by ``viatique up``, which has started the database.
"""

import sys
from contextlib import suppress
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard.configuration import configuration, content_policy
from dashboard.core import open_database, workbench
from dashboard.files import ROUTES
from dashboard.gate import Gate, Proxy
from dashboard.openid import openid_of
from dashboard.routes import Routes, api_on
from viatique.settings import load_settings


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
        app.run(config=configuration(load_settings(), host, port))
