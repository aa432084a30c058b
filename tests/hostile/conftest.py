"""Visits to the dashboard, on the workbench of any test."""

from tests.dashboard.conftest import signed_in, visiting

__all__ = ["signed_in", "visiting"]
