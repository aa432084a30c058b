"""Final PDFs that take their time: waiting stands for work where a machine lacks the cores."""

import os
import time

from viatique.steps import finalize_copies

WAIT = "VIATIQUE_TEST_WAIT_S"
MEETING = "VIATIQUE_TEST_MEETING"
"""Folder with a file for each process that is expected, which it renames when it comes."""
compose_copy = finalize_copies.compose_copy


def wait_and_compose(job: finalize_copies.ComposeJob) -> finalize_copies.Composed:
    """The same final PDF, later; runs in a worker process."""
    time.sleep(float(os.environ[WAIT]))
    return compose_copy(job)
