"""What a coordinator fills in to start a flow: ids only, because Prefect stores it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from viatique.steps.maintain import Chore


class ExamParameters(BaseModel):
    """The exam that is worked on."""

    model_config = ConfigDict(extra="forbid")

    exam: Annotated[
        str,
        StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^E[0-9A-Z]{5}$"),
        Field(title="Exam", description="Its id, as `viatique exam list` shows it: E7K3M9."),
    ]


class MarksParameters(ExamParameters):
    """A marks file of the exam that was received."""

    marks: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9a-f]{64}$"),
        Field(title="Marks file", description="SHA-256 that `viatique marks` printed for it."),
    ]


class MaintenanceParameters(BaseModel):
    """What is kept in order."""

    model_config = ConfigDict(extra="forbid")

    chores: Annotated[
        tuple[Chore, ...],
        Field(title="Chores", description="Which ones, in this order; all of them by default."),
    ] = tuple(Chore)
    is_whole: Annotated[
        bool,
        Field(title="Read every file", description="Scrub the whole store, not tonight's part."),
    ] = False
