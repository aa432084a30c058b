"""A support bundle helps without telling anything of anybody, wherever names were."""

import zipfile
from pathlib import Path

import pytest

from tests.cli.commands import Command, command_on
from tests.steps.benches import write_exam, write_scan
from viatique import workbench
from viatique.diagnosis import KINDS, find
from viatique.models import Language
from viatique.settings import Settings
from viatique.steps.support_bundle import without_places

NAME, OTHER = "Zorglubien", "Quibolinette"
ROSTER = f"INE;NOM;PRENOM\nS1;{NAME};{OTHER}\n"
VALUES = (
    "exam", "count", "age", "claimed", "error", "conflict", "pid", "message", "mib", "what",
    "next_step",
)  # fmt: skip
"""All that texts of findings may name."""


def test_a_bundle_tells_the_state_and_no_name(
    database_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / NAME
    with command_on(database_dsn, folder / "home", monkeypatch, capsys) as viatique:
        monkeypatch.setenv("VIATIQUE_SEAL_FOLDER", str(folder / "seal"))
        exam = viatique("exam", "create", write_exam(folder, roster=ROSTER)).out.strip()
        viatique("import", exam, write_scan(folder, pages=4, name=f"{NAME}.pdf"), "--inline")
        viatique("import", exam, folder / f"{OTHER}.pdf", "--inline", code=2)
        _write_about(viatique, exam, folder)
        viatique("finalize", exam, "--inline")
        viatique("support-bundle", folder / "help.zip")
    texts = _contents(folder / "help.zip")
    told = " ".join(texts.values())
    assert not [name for name in (NAME, OTHER) if name.lower() in told.lower()]
    assert exam in texts["exams.json"]
    assert f"{exam}-0001" in texts["trail.jsonl"]
    assert "grading_copies_by_status" in texts["metrics.txt"]
    assert "command_refused" in texts["logs/viatique.log"]
    password = database_dsn.partition("password=")[2].split()[0]
    assert password not in told
    assert not [part for part in database_dsn.split() if "password" in part and part in told]


def _write_about(viatique: Command, exam: str, folder: Path) -> None:
    rows = [f"{exam}-0001,{question},2,{NAME}" for question in (1, 2)]
    (folder / "marks.csv").write_text("\n".join(["copy,question,points,remark", *rows]), "utf-8")
    viatique("marks", exam, folder / "marks.csv", "--inline")


def _contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


@pytest.mark.parametrize("code", list(KINDS))
def test_each_finding_speaks_both_languages(code: str) -> None:
    values = dict.fromkeys(VALUES, "1")
    finding = find(code, **values)
    for language in Language:
        assert finding.what(language)
        assert finding.next_step(language)
    if code != "part_unusable":
        assert finding.what(Language.FR) != finding.what(Language.EN)


def test_doctor_speaks_when_there_is_no_database(
    viatique: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nothing is wrong here." in viatique("doctor").out
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:1/nowhere")
    said = viatique("doctor", code=1).out
    assert "The database of DATABASE_URL does not answer." in said
    assert "P0" in said


def test_doctor_says_that_the_roles_are_missing(
    viatique: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "ensure_roles", lambda _dsn: None)
    said = viatique("doctor", "--json", code=1)
    assert [(line["code"], line["severity"]) for line in said.lines] == [("no_roles", "P3")]
    assert "may not make roles" in viatique("audit", "verify").err


def test_secrets_and_places_are_hidden() -> None:
    settings = Settings(home=Path("/srv/dupont"))
    text = 'a "postgresql://me:secret@db/x" in /srv/dupont/run, https://user@host/'
    assert (
        without_places(text, settings) == 'a "postgresql://***@db/x" in HOME/run, https://***@host/'
    )
