"""Readers of headers for worker processes: a sound one, and such as die, hang, lose the store."""

import os
import signal

from tests.steps.readings import header_of
from viatique.errors import StoreUnavailable
from viatique.files import read_here
from viatique.ocr import evidence
from viatique.steps.read_headers import Read, ReadJob

NAMES = {1: ("Alpha", "Anne"), 2: ("Beta", "Bruno"), 3: ("Gamma", "Carla")}
"""What is written on each copy, by its number."""


def read(job: ReadJob) -> Read:
    """Reads what ``NAMES`` says."""
    reading = evidence.to_bytes(header_of(NAMES[_number(job)]))
    assert read_here(job.copy.path, job.copy.sha256).startswith(b"%PDF")
    return Read(data=reading, engine="fake", is_found=True, duration_s=0.0)


def die_or_hang(job: ReadJob) -> Read:
    """The process dies on the first copy and hangs on the second."""
    match _number(job):
        case 1:
            os.kill(os.getpid(), signal.SIGKILL)
        case 2:
            signal.pause()
    return read(job)


def lose_the_store(job: ReadJob) -> Read:
    """The first copy is read, then the store is away."""
    if _number(job) > 1:
        raise StoreUnavailable("The file store cannot be used now.")
    return read(job)


def _number(job: ReadJob) -> int:
    return int(job.copy_id.rpartition("-")[2])
