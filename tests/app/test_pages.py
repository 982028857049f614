"""The pages, run by Streamlit itself: full and empty warehouses, addresses good and bad, and no markup made of data."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest
import tiny_warehouse
from streamlit.testing.v1 import AppTest
from tiny_warehouse import _find

from app import look

APP = Path(look.__file__).parent
PAGES = ("overview", "documents", "contamination", "scores")
SOURCES = (*sorted((APP / "pages").glob("*.py")), APP / "served.py")


def opened(page, monkeypatch, warehouse, **query):
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(warehouse.root))
    test = AppTest.from_file(str(APP / "pages" / "Home.py"), default_timeout=60)
    test.switch_page(f"{page}.py")
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception[0].message
    return test


def shown(test):
    """Everything that a page shows as text or markup."""
    kinds = ("title", "subheader", "caption", "markdown", "text", "code", "info", "success", "warning", "error")
    return "\n".join(str(e.value) for kind in kinds for e in getattr(test, kind))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_full_warehouse_has_a_title_and_no_error(page, monkeypatch, tiny):
    test = opened(page, monkeypatch, tiny)
    assert len(test.title) == 1
    assert len(test.dataframe) >= 1


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_warehouse_says_what_to_run(page, monkeypatch, empty):
    test = opened(page, monkeypatch, empty)
    assert "assay demo" in shown(test)
    assert not empty.root.exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_version_without_any_rows_is_a_page_too(page, monkeypatch, tmp_path):
    warehouse = tiny_warehouse.Warehouse(tmp_path / "w")
    with warehouse.writing():
        warehouse.set_version({})
    opened(page, monkeypatch, warehouse)


@pytest.mark.parametrize("page", PAGES)
def test_nonsense_in_the_address_is_no_error(page, monkeypatch, tiny):
    names = ("q", "doc", "source", "fate", "reason", "benchmark", "item", "at", "task", "metric", "status", "eval", "signal", "bound")
    for value in ("", "'; DROP TABLE x; --", "<script>alert(1)</script>", "nan", "-1e400", "\x00\u202e" * 20):
        opened(page, monkeypatch, tiny, **dict.fromkeys(names, value))


def test_the_numbers_of_the_overview_are_those_of_the_ledger(monkeypatch, tiny):
    test = opened("overview", monkeypatch, tiny)
    table = next(d.value for d in test.dataframe if "docs_in" in d.value.columns)
    for row in table.to_dict("records"):
        assert row["docs_in"] == len(tiny_warehouse.alive_before(row["step"]))
        assert row["docs_kept"] == len(tiny_warehouse.alive_after(row["step"]))
    metrics = {m.label: m.value for m in test.metric}
    assert metrics["Documents read"] == str(len(tiny_warehouse.DOCS))
    assert int(metrics["Published"]) + int(metrics["Dropped"]) + int(metrics["Set aside"]) == len(tiny_warehouse.DOCS)


def test_a_bound_in_the_address_is_counted(monkeypatch, tiny):
    test = opened("overview", monkeypatch, tiny, signal="word_count", bound="40")
    below = sum(len(d.text.split()) < 40 for d in tiny_warehouse.DOCS if d.end is None)
    assert next(m.value for m in test.metric if m.label.startswith("Published documents below")) == str(below)


def test_documents_are_found_by_words_of_the_published_text_and_by_id(monkeypatch, tiny):
    for query, expected in ((("swarm"), "bees"), (_find("short").doc_id[:9], "short")):
        test = opened("documents", monkeypatch, tiny, q=query)
        assert list(test.dataframe[0].value["doc_id"]) == [_find(expected).doc_id]
    assert len(opened("documents", monkeypatch, tiny, q=tiny_warehouse.EMAIL).dataframe[0].value) == 0


def test_a_document_in_the_address_is_told_step_by_step(monkeypatch, tiny):
    page = shown(opened("documents", monkeypatch, tiny, doc=_find("symbols").doc_id))
    assert _find("symbols").doc_id in page
    assert "judge: too many hashes" in page


def test_personal_data_is_told_with_what_was_done_and_what_was_left(monkeypatch, tiny):
    told = shown(opened("documents", monkeypatch, tiny, doc=_find("letter").doc_id))
    assert "EMAIL_ADDRESS: 1 span, found by patterns.email; its kind stands there now" in told
    assert "not taken for PHONE_NUMBER: 1 place, year range (phone_number.year_range)" in told
    tables = [d.value for d in opened("overview", monkeypatch, tiny).dataframe]
    assert [t["done"].tolist() for t in tables if "done" in t.columns] == [["its kind stands there now"]]
    assert [t["why"].tolist() for t in tables if "why" in t.columns] == [["year range"]]


def test_an_unknown_document_in_the_address_is_explained(monkeypatch, tiny):
    assert "no document has this id" in shown(opened("documents", monkeypatch, tiny, doc="0" * 32))


def test_filters_go_into_the_address(monkeypatch, tiny):
    test = opened("documents", monkeypatch, tiny)
    test.selectbox(key="fate_input").select("dropped").run()
    assert test.query_params["fate"] == "dropped"
    assert set(test.dataframe[0].value["fate"]) == {"dropped"}


def test_the_words_that_match_are_marked_on_both_sides(monkeypatch, tiny):
    doc = _find("quiz-cut")
    test = opened("contamination", monkeypatch, tiny, item="rivers-7", doc=doc.doc_id, at=str(doc.span(doc.item)[0]))
    codes = [c.value for c in test.code]
    assert codes.count(tiny_warehouse.QUESTION) == 2
    assert "Ünder the bridge they ask: " in "".join(codes)


def test_of_a_document_that_was_never_scrubbed_only_the_shared_words_are_shown(monkeypatch, tiny):
    doc = _find("quiz-drop")
    page = shown(opened("contamination", monkeypatch, tiny, item="rivers-7", doc=doc.doc_id, at=str(doc.span(doc.item)[0])))
    assert tiny_warehouse.QUESTION in page
    assert "Quiz night" not in page
    assert "Ann Lee" not in page


def test_an_answer_in_the_address_is_shown_in_full(monkeypatch, tiny):
    page = shown(opened("scores", monkeypatch, tiny, task="rivers", item="rivers-8", eval="e1"))
    assert "<script>document.title" in page
    assert "a mason" in page


def test_no_page_shows_anything_private(monkeypatch, tiny):
    pages = [opened(p, monkeypatch, tiny) for p in PAGES] + [opened("documents", monkeypatch, tiny, doc=d.doc_id) for d in tiny_warehouse.DOCS[:9]]
    for test in pages:
        everything = shown(test) + repr([d.value.to_dict() for d in test.dataframe])
        assert not any(words in everything for words in (tiny_warehouse.EMAIL, "jane-doe", "Ann Lee", "people/"))


def test_a_step_with_a_name_of_its_own_never_becomes_markup():
    spec = importlib.util.spec_from_file_location("documents_page", APP / "pages" / "documents.py")
    tree = ast.parse((APP / "pages" / "documents.py").read_text())
    tree.body.pop()  # the call that runs the page
    scope: dict[str, object] = {"__name__": spec.name}
    exec(compile(tree, str(spec.origin), "exec"), scope)
    label = scope["_label"]({"step": "![x](http://203.0.113.9/y.png)", "outcome": ":red[x]", "num_bytes": 3})
    assert label.startswith("**another step** · passed, 3 bytes")


# What Streamlit draws as markup. Text goes through st.text and st.code, which do not.
MARKUP = {
    "markdown", "write", "html", "caption", "title", "header", "subheader", "info", "warning", "error", "success", "exception", "latex", "metric",
    "expander", "popover", "tabs", "badge", "button", "link_button", "page_link", "radio", "pills", "segmented_control", "checkbox",
    "toggle", "toast",
    "status", "spinner", "selectbox", "multiselect", "text_input", "text_area", "number_input", "slider", "divider", "set_page_config",
    "image", "iframe", "components", "write_stream", "feedback", "json", "table", "logo", "chat_message", "dialog", "help",
}  # fmt: skip
DATA_IS_PLAIN = {"selectbox": {"options", "key"}, "text_input": {"value", "key"}, "number_input": {"value", "key"}, "page_link": {"query_params"}}


def is_constant(node, names):
    """A string that no value of a table can enter: constants, and numbers under a number's format."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.JoinedStr):
        return all(isinstance(v, ast.Constant) or is_number(v) or is_glossary(v.value) for v in node.values)
    return is_glossary(node) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_label")


def is_number(value):
    spec = "".join(v.value for v in value.format_spec.values) if value.format_spec else ""
    return spec.endswith((",", "f", "g", "%"))


def is_glossary(node):
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"ACTIONS", "STEPS", "FATES", "SUBSETS", "TIERS", "WHY_NOT"}
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_markup_is_never_made_of_data(path):
    tree = ast.parse(path.read_text())
    names = {t.id for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant) for t in n.targets} | {"STYLE"}
    names |= {"label"}  # of the filters: the loop over _FILTERS, a constant tuple
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in MARKUP):
        plain = DATA_IS_PLAIN.get(call.func.attr, set())
        positional = call.args[:1] if plain else call.args
        for arg in [
            *positional,
            *(k.value for k in call.keywords if k.arg not in {*plain, "index", "expanded", "icon", "border", "layout", "default"}),
        ]:
            assert is_constant(arg, names), f"{path.name}:{call.lineno}: {ast.unparse(arg)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_no_page_asks_for_raw_html_links_or_images(path):
    source = path.read_text()
    for word in (
        "unsafe_allow_html",
        "unsafe_allow_javascript",
        "LinkColumn",
        "ImageColumn",
        "MarkdownColumn",
        "components.v1",
        "st.markdown",
        "st.write",
        "raw=True",
    ):
        assert word not in source
    assert source.count("st.html(") == source.count("st.html(STYLE)")
    assert "http" not in look.STYLE


def test_the_pages_are_served_on_this_machine_only_and_tell_nobody():
    command = look.serve_command(8600)
    assert "--server.address=127.0.0.1" in command
    assert "--browser.gatherUsageStats=false" in command
    assert "--server.port=8600" in command
