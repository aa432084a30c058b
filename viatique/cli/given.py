"""What commands are given: ids and switches as people type them."""

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Annotated

from cyclopts import Parameter, validators

from viatique.errors import InvalidInput
from viatique.models import CopyId, ExamId
from viatique.texts import CLI_LANGUAGE, text

PERSON = "coordinator"
"""Actor of what is done at the command line, before there are accounts."""

MOST_POINTS = 1000

Switch = Annotated[bool, Parameter(negative="", show_default=False)]
"""On when it is named; there is no --no-..."""
Inline = Annotated[Switch, Parameter(name="--inline", help=text("help_inline", CLI_LANGUAGE))]
Json = Annotated[Switch, Parameter(name="--json", help=text("help_json", CLI_LANGUAGE))]
ErasedToo = Annotated[
    Switch, Parameter(name="--erased-too", help=text("help_erased_too", CLI_LANGUAGE))
]
Port = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=65535))]
Exam = Annotated[str, Parameter(help=text("help_of_exam", CLI_LANGUAGE))]
Copy = Annotated[str, Parameter(help=text("help_of_copy", CLI_LANGUAGE))]


def exam_id_of(exam: str) -> ExamId:
    """The id somebody typed."""
    return ExamId(exam.strip().upper())


def copy_id_of(copy: str) -> CopyId:
    """The id somebody typed."""
    return CopyId(copy.strip().upper())


def points_of(typed: str) -> Decimal:
    """The points somebody typed, with a point or a comma.

    Raises:
        InvalidInput: these are none.
    """
    with suppress(InvalidOperation):  # also when NaN is compared
        points = Decimal(typed.strip().replace(",", "."))
        if 0 <= points <= MOST_POINTS:
            return points
    raise InvalidInput("These are no points.", next_step="Write 0.5 or 0,5.")
