"""What is wrong in a file people wrote, line by line."""

import streamlit as st

from dashboard.page import Visit
from viatique.errors import Problem
from viatique.texts import sentence_text


def show_problems(visit: Visit, problems: tuple[Problem, ...]) -> None:
    """A table of lines, columns and what is expected there."""
    st.dataframe(
        [
            {
                visit.text("line"): problem.line or None,
                visit.text("column"): problem.column,
                visit.text("what_is_wrong"): sentence_text(problem.message, visit.language),
            }
            for problem in problems
        ],
        hide_index=True,
        placeholder="",
    )
