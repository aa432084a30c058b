"""One installation with a real Prefect server for all flow tests, and one made-up exam."""

from collections.abc import Iterator

import pytest

from tests.flows.installation import Installation
from tests.flows.ways import create, write_marks
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


@pytest.fixture(scope="session")
def undisturbed(
    installation: Installation, demo_exam: DemoExam, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The exam after its whole way, with nothing in between."""
    exam_id = create(installation, demo_exam)
    installation.run("import", exam_id, demo_exam.scan_pdf)
    installation.run("identify", exam_id)
    marks = write_marks(installation, exam_id, tmp_path_factory.mktemp("marks") / "marks.csv")
    installation.run("marks", exam_id, marks)
    installation.run("finalize", exam_id)
    return exam_id
