"""A dashboard in the tests' own process: on a database with an exam, visited by anybody."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import core, page
from tests.steps.benches import bench_on, import_exam
from viatique.access import Role
from viatique.db.pool import Database
from viatique.models import ExamId, Language
from viatique.steps.sign_in import create_account, sign_in
from viatique.workbench import Workbench
from viatique.workers import WorkerPool

APP = Path(core.__file__).with_name("app.py")
Visiting = Callable[..., AppTest]


@pytest.fixture
def bench(
    database: Database, pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    """The workbench the pages use."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with bench_on(database, tmp_path / "home", pool) as bench:
        monkeypatch.setattr(core, "open_workbench", lambda _settings: nullcontext(bench))
        core.close()
        yield bench
        core.close()


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """An exam of two READY copies."""
    return import_exam(bench, tmp_path / "exam")


@pytest.fixture
def signed_in(bench: Workbench) -> Callable[[Role], str]:
    """Signs a new account of the role in; returns the session's token."""

    def token_of(role: Role) -> str:
        password = create_account(bench.database, f"somebody-{role}", role)
        token = sign_in(bench.database, f"somebody-{role}", password)
        assert isinstance(token, str)
        return token

    return token_of


@pytest.fixture
def visiting(signed_in: Callable[[Role], str], monkeypatch: pytest.MonkeyPatch) -> Visiting:
    """Opens a page as somebody of a role, as a browser at that address would."""
    return visitor(signed_in, monkeypatch)


def visitor(signed_in: Callable[[Role], str], monkeypatch: pytest.MonkeyPatch) -> Visiting:
    """Opens pages with the sessions that ``signed_in`` makes."""
    tokens: dict[Role, str] = {}

    def visit(
        name: str, role: Role = Role.ADMIN, language: Language = Language.EN, **query: str
    ) -> AppTest:
        if role not in tokens:
            tokens[role] = signed_in(role)
        monkeypatch.setattr(page, "session_cookie", lambda: tokens[role])
        app = AppTest.from_file(APP, default_timeout=30)
        app.session_state[page.LANGUAGE] = language
        for key, value in query.items():
            app.query_params[key] = value
        app._page_hash = calc_hash(name)
        return app.run()

    return visit
