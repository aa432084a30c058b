"""What Prefect must find in its environment before it is imported. Nothing phones home."""

import os
from pathlib import Path

from viatique.settings import Settings

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    # our loggers stay in our files; Prefect's own say little enough for its database
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_CLI_WRAP_LINES": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}

SERVER = {
    # batches keep the recorders of the server ahead of thousands of task runs
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}


def prefect_home(home: Path) -> Path:
    """Where Prefect keeps its own files, readable by us alone."""
    folder = home / "prefect"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def prefect_environment(home: Path, api_url: str) -> dict[str, str]:
    """Variables for a process that talks to a Prefect server; what the user set is kept."""
    return {
        **QUIET,
        "PREFECT_HOME": str(prefect_home(home)),
        **{name: value for name, value in os.environ.items() if name.startswith("PREFECT_")},
        "PREFECT_API_URL": api_url,
    }


def viatique_environment(settings: Settings) -> dict[str, str]:
    """Variables that make another process use the same home, wherever it is started."""
    return {"VIATIQUE_HOME": str(settings.home_path)}
