"""Flow runs as pages show them; a page is whole without Prefect, it only lacks the links."""

import logging

import streamlit as st

from dashboard.core import prefect
from viatique.errors import ServiceUnavailable

logger = logging.getLogger("viatique")

KNOWN_FOR_S = 30.0


@st.cache_data(ttl=KNOWN_FOR_S, max_entries=500, show_spinner=False)
def known_runs(correlation_ids: frozenset[str]) -> dict[str, str]:
    """Pages in the Prefect UI by correlation id, of those that are flow runs."""
    runs = prefect()
    if runs is None:
        return {}
    try:
        return {run_id: runs.page_of(run_id) for run_id in runs.known(correlation_ids)}
    except ServiceUnavailable:
        logger.warning("prefect_not_asked", exc_info=True)
        return {}
