"""The Operations page counts what waits, failed and was done, of all exams."""

from tests.dashboard.conftest import Visiting
from viatique.models import ExamId
from viatique.workbench import Workbench


def test_what_failed_waits_and_was_done_is_counted(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    with bench.database.transaction() as connection:
        connection.execute(
            """
            UPDATE copy SET status = 'GRADING_FAILED', error_code = 'invalid_final_pdf',
                updated_at = now() - interval '3 hours'
            WHERE number = 1
            """
        )
    app = visiting("operations")
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["failed"] == "3 h"
    assert shown["in quarantine"] == "–"
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["Copies"], row["Why"]) == (1, "the final PDF failed its check")
