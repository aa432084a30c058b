"""One installation with a real Prefect server for all flow tests, and one made-up exam."""

from collections.abc import Iterator

import pytest

from tests.flows.installation import Installation
from viatique.demo.exam import DemoExam, generate_exam

COPIES = 12


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    found = Installation(tmp_path_factory.mktemp("installation") / "var", VIATIQUE_CHUNK_SIZE="3")
    yield found
    found.run("down", "--force")


@pytest.fixture(scope="session")
def demo_exam(tmp_path_factory: pytest.TempPathFactory) -> DemoExam:
    return generate_exam(tmp_path_factory.mktemp("exam"), copies=COPIES, dpi=150)
