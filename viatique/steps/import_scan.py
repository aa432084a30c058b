"""A scan becomes copies: received whole or refused whole, planned, then cut without re-encoding.

Planning stores every copy at once; cutting takes them in chunks, so that a killed import goes on
where it stopped.
"""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from viatique import progress
from viatique.db import claims, copies, sources
from viatique.db.exams import Exam, allocate_copy_numbers, find_exam
from viatique.db.observations import insert_observation
from viatique.db.pool import Connection
from viatique.errors import NotFound, TransientError, ViatiqueError
from viatique.files import Kind, Store
from viatique.lifecycle import CopyStatus, Move
from viatique.models import CopyId, ExamId, Layout, Placement, Segmentation, Sha256
from viatique.pdf.cut import open_scan
from viatique.pdf.inspect import inspect_scan
from viatique.run import Run
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.plan_copies import plan_copies
from viatique.workbench import Workbench
