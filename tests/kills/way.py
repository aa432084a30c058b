"""The way of an exam as stages to be killed in, from its scan to the house kept in order."""

import shutil

from tests.kills.ground import BACKUPS, Ground, lay_chores, record_readings, write_marks
from tests.kills.outcome import differences
from tests.kills.trials import Field, Stage

REFUSED = 2
NOT_BACKED_UP = ("files: missing inbox/", "files: missing checks/", "files: missing passing/")


def walk(field: Field) -> dict[str, Stage]:
    """Every stage, run undisturbed once; the OCR reads for real, later runs take what it read."""
    ground = field.ground
    exam = _create(field)
    old = _create(field)
    stages = [field.stage("import", "import", exam, ground.exam.scan_pdf, "--inline")]
    _lay_into_inbox(ground, old)
    stages.append(field.stage("import inbox", "import", old, "--inline"))
    stages.append(field.stage("identify by OCR", "identify", exam, "--inline", is_ocr_real=True))
    record_readings(ground)
    ground.load("identify by OCR")
    stages.append(field.stage("identify", "identify", exam, "--inline"))
    write_marks(ground, _copies(ground, exam))
    stages.append(field.stage("marks", "marks", exam, ground.marks, "--inline"))
    stages.append(field.stage("finalize", "finalize", exam, "--inline"))
    stages += _there_and_back(field)
    lay_chores(ground, old)
    stages.append(field.stage("maintenance", "maintain", "--whole", "--inline"))
    return {stage.name: stage for stage in stages}


def _there_and_back(field: Field) -> list[Stage]:
    """A backup, and its restoring where everything was destroyed: both are refused when done."""
    folder = field.ground.home / BACKUPS / "today"
    backup = field.stage("backup", "backup", folder, done_code=REFUSED)
    field.ground.destroy()
    restore = field.stage("restore", "restore", folder, done_code=REFUSED)
    lost = differences(backup.outcome, restore.outcome)
    assert [line for line in lost if not line.startswith(NOT_BACKED_UP)] == []
    field.ground.load(backup.state)
    return [backup, restore]


def _create(field: Field) -> str:
    plan = field.plan()
    assert field.run(field.command("exam", "create", field.ground.exam.exam_toml), plan) == 0
    return (plan.folder / "output").read_text("utf-8").split()[-1]


def _copies(ground: Ground, exam: str) -> list[str]:
    with ground.connect() as connection:
        rows = connection.execute(
            "SELECT copy_id FROM copy WHERE exam_id = %s AND status = 'READY'", (exam,)
        ).fetchall()
    assert rows
    return [row[0] for row in rows]


def _lay_into_inbox(ground: Ground, exam: str) -> None:
    """A scan, and a file that is refused."""
    inbox = ground.home / "inbox" / exam
    inbox.mkdir(parents=True)
    shutil.copy(ground.exam.scan_pdf, inbox / "scan.pdf")
    (inbox / "broken.pdf").write_bytes(b"%PDF-1.7\nno more than that")
