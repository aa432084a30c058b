"""A failure is measured, scraped, judged and told to a person, by the real programs."""

from pathlib import Path

import pytest

from tests.flows.scraping import serving
from tests.operations.monitoring import monitoring, wait_until
from tests.operations.playbook import Operator
from tests.operations.test_kit import DASHBOARDS, expressions
from tests.steps.benches import copy_file, list_copies, mark_exam
from viatique.inline import run_finalize
from viatique.seal_files import seal_files_of
from viatique.steps.seal_trail import seal_trail
from viatique.workbench import Workbench

pytestmark = pytest.mark.slow

FAILED = 'grading_finalize_duration_seconds_count{status="failed",retry_attempt="1"}'


def test_a_failure_is_told_to_whoever_is_on_call(
    bench: Workbench, operator: Operator, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path)
    seal_trail(bench.database, seal_files_of(bench.settings))
    token = bench.settings.home_path / "run" / "metrics.token"
    with (
        serving(operator.environment, "api", ready="/health/live") as api,
        serving(operator.environment, "metrics", ready="/health/live") as metrics,
        monitoring(tmp_path, {"viatique": metrics, "viatique-api": api}, token) as watch,
    ):
        wait_until(lambda: len(watch.query('up{job=~"viatique.*"} == 1')) == 2)
        wait_until(lambda: watch.query(f"{FAILED} == 0"))
        assert "FinalizeFailing" not in watch.alerts()
        copy_file(bench, list_copies(bench, exam_id)[0]).write_bytes(b"damaged")
        run_finalize(bench, exam_id)
        wait_until(lambda: watch.pager.has("/P1", "FinalizeFailing"))
        assert "FinalizeFailing" in watch.alerts()
        wait_until(lambda: watch.query("rate(http_requests_total[5m])"))
        silent = {
            expr for path in DASHBOARDS for expr in expressions(path) if not watch.query(expr)
        }
        assert silent == set()
        assert not [path for path, alert in watch.pager.told if alert == "AuditSealBroken"]
        with bench.database.transaction() as connection:
            connection.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_row_change")
        wait_until(lambda: watch.pager.has("/P0", "AuditSealBroken"))
