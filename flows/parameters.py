"""What a coordinator fills in to start a flow: ids only, because Prefect stores it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from viatique.steps.maintain import Chore

ExamParameter = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^E[0-9A-Z]{5}$"),
    Field(title="Exam", description="Id of the exam, as `viatique exam list` shows it: E7K3M9."),
]


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ImportParameters(_Parameters):
    """Scans received, or laid into HOME/inbox/EXAM, are cut into copies."""

    exam: ExamParameter


class IdentifyParameters(_Parameters):
    """Headers are read and matched with the roster."""

    exam: ExamParameter


class MarksParameters(_Parameters):
    """A marks file that was received is recorded."""

    exam: ExamParameter
    marks: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9a-f]{64}$"),
        Field(title="Marks file", description="SHA-256 that `viatique marks` printed for it."),
    ]


class FinalizeParameters(_Parameters):
    """Every copy with complete marks gets its final PDF."""

    exam: ExamParameter


class ProcessParameters(_Parameters):
    """Import, identify, record the marks received, finalize: one after the other."""

    exam: ExamParameter


class MaintenanceParameters(_Parameters):
    """The house is kept in order."""

    chores: Annotated[
        tuple[Chore, ...],
        Field(title="Chores", description="Which ones, in this order; all of them by default."),
    ] = tuple(Chore)
    is_whole: Annotated[
        bool,
        Field(title="Read every file", description="Scrub the whole store, not tonight's part."),
    ] = False
