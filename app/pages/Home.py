"""The pages: ``assay app``. This file is the entrance; each page is a file beside it.

It stands among them because Streamlit takes a folder ``pages`` beside the entrance for its own: an address opened first was drawn without navigation.
"""  # noqa: N999 - Streamlit's usual name

from __future__ import annotations

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parent

st.set_page_config(page_title="assay", page_icon="⚖️", layout="wide", initial_sidebar_state="expanded")
st.navigation(
    [
        st.Page(PAGES / "overview.py", title="Overview", icon=":material/filter_alt:", default=True),
        st.Page(PAGES / "documents.py", title="Documents", icon=":material/article:", url_path="documents"),
        st.Page(PAGES / "contamination.py", title="Contamination", icon=":material/find_in_page:", url_path="contamination"),
        st.Page(PAGES / "scores.py", title="Scores", icon=":material/scoreboard:", url_path="scores"),
    ]
).run()
