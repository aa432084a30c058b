"""The results of an exam leave Viatique: a CSV, and the final PDFs under the students' names.

Each export leaves an event, before there is a file with a name in it: one that then fails is told
too. Files are written beside their place and moved there when complete.
"""

import logging
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from viatique.db import copies, marking
from viatique.db.audit import insert_event
from viatique.db.copies import Copy
from viatique.db.exams import find_exam, list_students
from viatique.db.marking import Scored
from viatique.db.pool import Database
from viatique.errors import InvalidInput
from viatique.files import Kind, Store
from viatique.lifecycle import Action
from viatique.marking.results import Profile, Result, ResultState, to_csv
from viatique.marking.scoring import Scheme
from viatique.models import CopyId, ExamId, Sha256, Student, StudentId
from viatique.run import Run
from viatique.steps.release_results import require_release

logger = logging.getLogger("grading")

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""The same PDFs give the same ZIP."""


def list_results(database: Database, exam_id: ExamId) -> tuple[list[Result], Scheme]:
    """One line a student and one a copy without a student, by name; with the marking scheme.

    Raises:
        NotFound: there is no such exam.
    """
    with database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        students = {student.student_id: student for student in list_students(connection, exam_id)}
        stored = copies.list_copies(connection, exam_id)
        finals = copies.list_final_pdfs(connection, exam_id)
        points = marking.list_scores_of_exam(connection, exam_id)
    results = [
        _of_copy(copy, students, finals.get(copy.copy_id), points.get(copy.copy_id, {}))
        for copy in stored
    ]
    present = {copy.student_id for copy in stored}
    results += [
        Result(state=ResultState.ABSENT, copy_id=None, student=student, score=None)
        for student in students.values()
        if student.student_id not in present
    ]
    return sorted(results, key=_order), exam.scheme


def export_csv(
    database: Database,
    run: Run,
    exam_id: ExamId,
    path: Path,
    profile: Profile,
    *,
    has_decimal_comma: bool = False,
) -> list[Result]:
    """Writes the results as a CSV; returns them.

    Raises:
        NotFound: there is no such exam.
        NotReleased: its results may not leave yet.
        InvalidInput: the file cannot be written.
    """
    require_release(database, exam_id)
    results, scheme = list_results(database, exam_id)
    data = to_csv(results, scheme, profile, has_decimal_comma=has_decimal_comma)

    def write(part: Path) -> None:
        _note(database, run, exam_id, what=f"csv {profile}", lines=len(results))
        part.write_bytes(data)

    replace_file(path, write)
    return results


def send_csv(
    database: Database,
    run: Run,
    exam_id: ExamId,
    profile: Profile,
    *,
    has_decimal_comma: bool = False,
) -> bytes:
    """The results as a CSV, for somebody who downloads them.

    Raises:
        NotFound: there is no such exam.
        NotReleased: its results may not leave yet.
    """
    require_release(database, exam_id)
    results, scheme = list_results(database, exam_id)
    _note(database, run, exam_id, what=f"csv {profile}", lines=len(results))
    return to_csv(results, scheme, profile, has_decimal_comma=has_decimal_comma)


def export_pdfs(database: Database, store: Store, run: Run, exam_id: ExamId, path: Path) -> int:
    """Writes a ZIP of all final PDFs, one at a time; those without a student are in a folder.

    Returns:
        How many PDFs it holds.

    Raises:
        NotFound: there is no such exam.
        NotReleased: its results may not leave yet.
        InvalidInput: the file cannot be written.
        StoredFileCorrupt: a final PDF is damaged.
    """
    graded = _finalized(database, exam_id)

    def write(part: Path) -> None:
        _note(database, run, exam_id, what="pdf", lines=len(graded))
        with part.open("wb") as file:
            file.writelines(_zip_parts(store, graded))

    replace_file(path, write)
    return len(graded)


def send_pdfs(database: Database, store: Store, run: Run, exam_id: ExamId) -> Iterator[bytes]:
    """The ZIP of ``export_pdfs`` in parts, for somebody who downloads it.

    All but a damaged PDF is found out before the first part; its event is written then too.

    Raises:
        NotFound: there is no such exam.
        NotReleased: its results may not leave yet.
    """
    graded = _finalized(database, exam_id)
    _note(database, run, exam_id, what="pdf", lines=len(graded))
    return _zip_parts(store, graded)


def _finalized(database: Database, exam_id: ExamId) -> list[tuple[Result, Sha256]]:
    require_release(database, exam_id)
    results, _ = list_results(database, exam_id)
    with database.transaction() as connection:
        finals = copies.list_final_pdfs(connection, exam_id)
    return [
        (one, finals[one.copy_id][0])
        for one in results
        if one.copy_id is not None and one.copy_id in finals
    ]


class _Pipe:
    """Where a ZIP is written that nobody can go back over: what came is taken away part by part."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def _zip_parts(store: Store, graded: Sequence[tuple[Result, Sha256]]) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for one, sha256 in graded:
            name = zipfile.ZipInfo(_pdf_name(one), ZIP_DATE)
            archive.writestr(name, store.get(sha256, Kind.FINAL))
            yield pipe.take()
    yield pipe.take()


def _of_copy(
    copy: Copy,
    students: Mapping[StudentId, Student],
    final: tuple[Sha256, Decimal] | None,
    given: Mapping[str, Scored],
) -> Result:
    student = students.get(copy.student_id) if copy.student_id else None
    state = ResultState.GRADED if final else ResultState.NOT_GRADED
    points = {question: mark.points for question, mark in given.items() if mark.points is not None}
    return Result(
        state=state if student else ResultState.NO_STUDENT,
        copy_id=copy.copy_id,
        student=student,
        score=final[1] if final else None,
        points=points,
    )


def _order(result: Result) -> tuple[bool, str, str, str]:
    who = result.student
    if who is None:
        return (True, "", "", result.copy_id or "")
    return (False, _plain(who.last_name), _plain(who.first_name), result.copy_id or "")


def _pdf_name(result: Result) -> str:
    copy_id = result.copy_id or CopyId("")
    if result.student is None:
        return f"sans-eleve/{copy_id}.pdf"
    who = result.student
    return f"{_plain(who.last_name)}_{_plain(who.first_name)}_{copy_id}.pdf"


def _plain(name: str) -> str:
    """Capitals without accents, safe in file names everywhere."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "-", ascii_only.upper()).strip("-")


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Lets ``write`` make a file that only its owner reads, and puts it at ``path`` when whole.

    ``write`` is called once the place is known to be one that can be written.

    Raises:
        InvalidInput: it cannot be written there.
    """
    place = path.resolve()
    part = place.with_name(f".{place.name}.part")
    try:
        if place.exists() and not (place.is_file() or place.is_dir()):
            raise FileExistsError  # a device would be replaced by a file, for everybody
        part.touch(mode=0o600)
        write(part)
        part.replace(place)
    except OSError as error:
        raise InvalidInput(
            f"The file cannot be written there ({type(error).__name__}).",
            next_step="Choose another place.",
        ) from None
    finally:
        with suppress(OSError):
            part.unlink()


def _note(database: Database, run: Run, exam_id: ExamId, *, what: str, lines: int) -> None:
    with database.transaction() as connection:
        insert_event(
            connection,
            action=Action.EXPORT,
            exam_id=exam_id,
            copy_id=None,
            run=run,
            details={"what": what, "lines": lines},
        )
    logger.info("results_exported", extra={"exam_id": exam_id, "what": what, "lines": lines})
