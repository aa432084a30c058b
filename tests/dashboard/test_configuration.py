"""How large uploads may be follows the settings, also where Streamlit takes them in."""

import pytest

from dashboard.configuration import configuration
from viatique.settings import Settings


@pytest.mark.parametrize(("max_scan_mib", "expected"), [(4096, 4096), (10, 50)])
def test_no_upload_is_larger_than_ours_may_be(max_scan_mib: int, expected: int) -> None:
    found = configuration(Settings(max_scan_mib=max_scan_mib), "127.0.0.1", 8501)
    assert found["server.maxUploadSize"] == expected
