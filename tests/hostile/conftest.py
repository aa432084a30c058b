"""The workbench of the tests of steps."""

from tests.steps.conftest import bench, pool

__all__ = ["bench", "pool"]
