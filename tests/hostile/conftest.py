"""The workbench of the tests of steps, and visits to the dashboard."""

from tests.dashboard.conftest import signed_in, visiting
from tests.steps.conftest import bench, pool

__all__ = ["bench", "pool", "signed_in", "visiting"]
