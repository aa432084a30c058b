"""A campaign that is killed itself takes along all that it started."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.kills.runs import wait_until

CAMPAIGN = """
import os, subprocess, sys
from tests.campaigns.folders import campaign_folder
from viatique.services.local import ensure
from viatique.services.postgres import find_server, locate
from viatique.settings import Settings

with campaign_folder() as folder:
    settings = Settings(home=folder / "home", DATABASE_URL=None)
    with ensure(settings, prefect=False, on_progress=lambda _message: None):
        variables = {**os.environ, "VIATIQUE_HOME": str(settings.home)}
        worker = subprocess.Popen(["sleep", "600"], env=variables)
        place = locate(settings.home)
        print(folder, place.data, worker.pid, find_server(place).pid, flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "ended"])
def test_nothing_is_left_of_a_campaign(*, is_killed: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CAMPAIGN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as campaign:
        assert campaign.stdout
        *folders, worker, server = campaign.stdout.readline().split()
        started = [psutil.Process(int(pid)) for pid in (worker, server)]
        if is_killed:
            campaign.kill()
        else:
            campaign.communicate()
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []
    assert wait_until(lambda: not any(Path(folder).exists() for folder in folders))
