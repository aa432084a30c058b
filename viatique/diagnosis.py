"""What is wrong, in words: each finding says what, how urgent it is and what to do next.

Pure: what was found goes in, sentences come out. The limits are those of the alerts in
``infra/prometheus/rules.yml``, the names of incidents those of ``infra/playbook.md``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from viatique.models import Language

PATIENCE_S = 300
CONFLICTS = 10
BLOCKED_S = 5.0
FREE_BYTES = 1 << 30
LOG_AGE_S = 7200.0

Row = Mapping[str, Any]


class Severity(StrEnum):
    """How soon somebody must begin: 15 minutes, 1 hour, 4 hours, 24 hours."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Incident(StrEnum):
    """A chapter of the playbook."""

    IMPORT_STUCK = "import-stuck"
    FINALIZATION_FAILING = "finalization-failing"
    LOCK_CONFLICTS = "lock-conflicts"
    HIGH_LATENCY = "high-latency"
    MISSING_EVENTS = "missing-events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of finding; texts are (English, French)."""

    severity: Severity
    incident: Incident
    what: tuple[str, str]
    next_step: tuple[str, str]


KINDS: dict[str, Kind] = {
    "part_unusable": Kind(
        severity=Severity.P0,
        incident=Incident.HIGH_LATENCY,
        what=("{what}", "{what}"),
        next_step=("{next_step}", "{next_step}"),
    ),
    "disk_full": Kind(
        severity=Severity.P1,
        incident=Incident.IMPORT_STUCK,
        what=(
            "Only {mib} MiB are free in VIATIQUE_HOME.",
            "Il ne reste que {mib} Mio dans VIATIQUE_HOME.",
        ),
        next_step=(
            "Make room on its disk, or move the file store (VIATIQUE_STORE_URL).",
            "Libérez de la place, ou déplacez le stockage (VIATIQUE_STORE_URL).",
        ),
    ),
    "store_unusable": Kind(
        severity=Severity.P0,
        incident=Incident.IMPORT_STUCK,
        what=("The file store takes no file.", "Le stockage n'accepte aucun fichier."),
        next_step=(
            "Check the space and the rights of VIATIQUE_STORE_URL.",
            "Vérifiez la place et les droits de VIATIQUE_STORE_URL.",
        ),
    ),
    "prefect_down": Kind(
        severity=Severity.P1,
        incident=Incident.IMPORT_STUCK,
        what=("Prefect does not answer.", "Prefect ne répond pas."),
        next_step=(
            "Start it again with `viatique up`; until then flows run with --inline.",
            "Relancez-le avec `viatique up` ; d'ici là, utilisez --inline.",
        ),
    ),
    "import_stuck": Kind(
        severity=Severity.P1,
        incident=Incident.IMPORT_STUCK,
        what=(
            (
                "Exam {exam}: a process holds {claimed} of {count} copies to be cut, and none came"
                " out for {age}."
            ),
            (
                "Examen {exam} : un processus tient {claimed} des {count} copies à découper, et"
                " aucune n'est sortie depuis {age}."
            ),
        ),
        next_step=(
            (
                "`viatique sessions` shows which program has the claims: end it with `viatique"
                " sessions --end PID`, then `viatique import {exam}`."
            ),
            (
                "`viatique sessions` montre le programme en cause : `viatique sessions --end PID`,"
                " puis `viatique import {exam}`."
            ),
        ),
    ),
    "import_abandoned": Kind(
        severity=Severity.P2,
        incident=Incident.IMPORT_STUCK,
        what=(
            (
                "Exam {exam}: {count} copies have waited to be cut for {age}, and nobody works on"
                " them."
            ),
            (
                "Examen {exam} : {count} copies attendent d'être découpées depuis {age}, et"
                " personne n'y travaille."
            ),
        ),
        next_step=(
            "`viatique import {exam}` does the rest.",
            "`viatique import {exam}` fait le reste.",
        ),
    ),
    "finalize_failing": Kind(
        severity=Severity.P1,
        incident=Incident.FINALIZATION_FAILING,
        what=(
            "Exam {exam}: {count} copies could not be finalized ({error}).",
            "Examen {exam} : {count} copies n'ont pas pu être finalisées ({error}).",
        ),
        next_step=(
            "`viatique status {exam}` names them; mend the cause, then `viatique finalize {exam}`.",
            (
                "`viatique status {exam}` les nomme ; corrigez la cause, puis `viatique finalize"
                " {exam}`."
            ),
        ),
    ),
    "lock_conflicts": Kind(
        severity=Severity.P2,
        incident=Incident.LOCK_CONFLICTS,
        what=(
            "{count} locks or writes of markers were refused in 5 minutes, mostly {conflict}.",
            "{count} verrous ou écritures refusés en 5 minutes, surtout {conflict}.",
        ),
        next_step=(
            (
                "`viatique locks` shows who holds which copy; `viatique locks --release COPY` frees"
                " one."
            ),
            (
                "`viatique locks` montre qui tient quelle copie ; `viatique locks --release COPY`"
                " la libère."
            ),
        ),
    ),
    "session_blocks": Kind(
        severity=Severity.P1,
        incident=Incident.HIGH_LATENCY,
        what=(
            (
                "{count} sessions of the database wait for session {pid}, whose transaction has"
                " lasted {age}."
            ),
            (
                "{count} sessions de la base attendent la session {pid}, dont la transaction dure"
                " depuis {age}."
            ),
        ),
        next_step=(
            "`viatique sessions --end {pid}` ends it; what it had not finished is undone.",
            "`viatique sessions --end {pid}` y met fin ; ce qui n'était pas fini est annulé.",
        ),
    ),
    "trail_wrong": Kind(
        severity=Severity.P0,
        incident=Incident.MISSING_EVENTS,
        what=(
            "The audit trail does not hold: {count} findings, the first: {message}.",
            "Le journal d'audit ne tient pas : {count} anomalies, la première : {message}.",
        ),
        next_step=(
            "Change nothing; `viatique audit verify` names every event concerned.",
            "Ne changez rien ; `viatique audit verify` nomme chaque événement en cause.",
        ),
    ),
    "log_behind": Kind(
        severity=Severity.P2,
        incident=Incident.MISSING_EVENTS,
        what=(
            "Events of {age} are in the audit trail and not in audit.log.",
            "Des événements depuis {age} sont dans le journal d'audit et pas dans audit.log.",
        ),
        next_step=(
            "Make room on its disk; `viatique maintain --only log` writes what lacks.",
            "Libérez son disque ; `viatique maintain --only log` écrit ce qui manque.",
        ),
    ),
    "no_roles": Kind(
        severity=Severity.P3,
        incident=Incident.MISSING_EVENTS,
        what=(
            "The user of DATABASE_URL may not make roles: only triggers protect the audit trail.",
            (
                "DATABASE_URL n'a pas le droit de créer des rôles : le journal n'a que ses"
                " déclencheurs."
            ),
        ),
        next_step=(
            "Give that user CREATEROLE, then start Viatique again.",
            "Donnez-lui CREATEROLE, puis relancez Viatique.",
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong; ``values`` are ids, codes and counts."""

    code: str
    values: Mapping[str, object]

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    def what(self, language: Language) -> str:
        """What is wrong."""
        return self.kind.what[language is Language.FR].format(**self.values)

    def next_step(self, language: Language) -> str:
        """What to do."""
        return self.kind.next_step[language is Language.FR].format(**self.values)


def find(code: str, **values: object) -> Finding:
    """A finding of that kind."""
    return Finding(code=code, values=values)


def judge_imports(rows: Iterable[Row]) -> Iterator[Finding]:
    """Exams whose copies wait: held by a process that does nothing, or by nobody."""
    for row in rows:
        code = "import_stuck" if row["claimed"] else "import_abandoned"
        yield find(code, **{**row, "age": shown_age(row["age_s"])})


def judge_conflicts(rows: Iterable[Row]) -> Iterator[Finding]:
    """More refusals than two markers at one copy explain."""
    found = list(rows)
    count = sum(row["count"] for row in found)
    if count > CONFLICTS:
        yield find("lock_conflicts", count=count, conflict=found[0]["conflict"])


def judge_sessions(waits: Mapping[int, int], ages: Mapping[int, float]) -> Iterator[Finding]:
    """Sessions that others wait for.

    Args:
        waits: how many sessions wait for each.
        ages: seconds each session's transaction has lasted.
    """
    for pid, count in waits.items():
        if ages.get(pid, 0.0) > BLOCKED_S:
            yield find("session_blocks", pid=pid, count=count, age=shown_age(ages[pid]))


def shown_age(seconds: float) -> str:
    """45 s, 12 min, 3 h, 2 d."""
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
