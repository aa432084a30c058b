"""What commands are given: ids and switches as people type them."""

from typing import Annotated

from cyclopts import Parameter

from viatique.models import CopyId, ExamId

PERSON = "coordinator"
"""Actor of what is done at the command line, before there are accounts."""

Inline = Annotated[bool, Parameter(name="--inline", negative="", help="Run without Prefect.")]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help="One JSON object a line, for programs.")
]
ErasedToo = Annotated[
    bool,
    Parameter(name="--erased-too", negative="", help="Also people who were erased from it."),
]
Exam = Annotated[str, Parameter(help="Id of the exam, as `viatique exam list` shows it.")]
Copy = Annotated[str, Parameter(help="Id of the copy, as `viatique copies EXAM` shows it.")]


def exam_id_of(exam: str) -> ExamId:
    """The id somebody typed."""
    return ExamId(exam.strip().upper())


def copy_id_of(copy: str) -> CopyId:
    """The id somebody typed."""
    return CopyId(copy.strip().upper())
