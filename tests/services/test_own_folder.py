"""As root, the database's own folder: made once, whatever is killed on the way to it."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from viatique.services import postgres
from viatique.services.local import make_home
from viatique.services.postgres import locate
from viatique.services.processes import is_root

pytestmark = pytest.mark.skipif(not is_root(), reason="another user's folder is for root to make")


class Killed(BaseException):
    """In its place the process would be gone."""


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders of unprivileged users are made."""
    monkeypatch.setattr(postgres, "SHARED_FOLDER", tmp_path / "shared")
    return tmp_path / "shared"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that nobody but root reaches."""
    (tmp_path / "private").mkdir(mode=0o700)
    make_home(tmp_path / "private" / "home")
    return tmp_path / "private" / "home"


def after(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills at the step, counted over all that makes, gives away or writes something."""
    left = [step]

    def counting(done: Callable[..., object]) -> Callable[..., object]:
        def count(*arguments: object, **named: object) -> object:
            if not left[0]:
                raise Killed
            left[0] -= 1
            return done(*arguments, **named)

        return count

    for owner, name in (
        (postgres, "write_atomically"),
        (Path, "mkdir"),
        (Path, "chmod"),
        (os, "chown"),
    ):
        monkeypatch.setattr(owner, name, counting(getattr(owner, name)))


@pytest.mark.parametrize("step", range(8))
def test_a_kill_on_the_way_to_it_leaves_no_other_folder(
    home: Path, shared: Path, step: int
) -> None:
    with pytest.MonkeyPatch.context() as patches, suppress(Killed):
        after(step, patches)
        locate(home)
        assert step > 4, "the kill did not come"
    (folder,) = {locate(home).data.parent, *shared.iterdir()}
    assert folder.owner() == "nobody"
    assert shared.stat().st_mode & 0o777 == 0o755
