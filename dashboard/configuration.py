"""How Streamlit is set up, and what browsers may load from its pages."""

import base64
import hashlib
import re
from importlib import resources

from dashboard.look import THEME
from dashboard.views.marks_form import MARKS_MIB
from viatique.settings import Settings

CONFIG = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.postScriptGC": False,
    "runner.fastReruns": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "logger.level": "warning",
    **THEME,
}


def configuration(settings: Settings, host: str, port: int) -> dict[str, object]:
    """Streamlit's settings; it takes no upload in that is larger than all of ours may be."""
    return {
        **CONFIG,
        "server.maxUploadSize": max(settings.max_scan_mib, MARKS_MIB),
        "server.address": host,
        "server.port": port,
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
