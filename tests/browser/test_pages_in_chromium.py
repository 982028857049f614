"""The pages as a reader gets them: drawn, linkable, and inert whatever the text says."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETTLED = (
    "document.querySelector('h1') && !document.querySelector('[data-testid=stStatusWidget]') "
    "&& !document.querySelector('[data-stale=true]') && !document.querySelector('[data-testid=stSkeleton]')"
)
# The first address that a new server is asked for is not the entrance: links are.
PAGES = {"contamination": "Test questions in the training text", "documents": "Documents", "scores": "Scores", "": "What became of every document"}


def is_local(address):
    return urlsplit(address).scheme in {"data", "blob", "about"} or urlsplit(address).hostname == "127.0.0.1"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_drawn_and_asks_nobody_else_for_anything(server, browser, tmp_path, path):
    browser.open(f"{server}/{path}", f"{SETTLED} && document.querySelector('h1').innerText == '{PAGES[path]}'")
    browser.wait("document.querySelectorAll('canvas').length > 0")
    links = browser.value("[...document.querySelectorAll('[data-testid=stSidebarNavLink]')].map(a => a.innerText.split('\\n').pop().trim())")
    assert links == ["Overview", "Documents", "Contamination", "Scores"]
    assert len(browser.screenshot(tmp_path / "page.png")) > 20_000
    assert all(map(is_local, browser.requests)), [r for r in browser.requests if not is_local(r)]
    assert not browser.errors


def test_hostile_text_is_shown_as_text_and_does_nothing(server, browser, tiny_module):
    hostile = tiny_module._find("hostile").doc_id
    for path in (f"documents?doc={hostile}", "scores?task=rivers&item=rivers-8&eval=e1", f"documents?q={quote(tiny_module.HOSTILE[:70])}"):
        shown = "true" if "?q=" in path else "document.body.innerText.includes('onerror=alert(1)')"
        browser.open(f"{server}/{path}", f"{SETTLED} && {shown}")
        assert browser.value("document.title") != "owned"
        assert browser.value("document.querySelectorAll('img[src*=\"203.0.113\"], img[src=x], a[href^=javascript]').length") == 0
        assert browser.value("[...document.scripts].every(s => !s.textContent.includes('owned'))")
    assert browser.dialogs == []
    assert all(map(is_local, browser.requests)), [r for r in browser.requests if not is_local(r)]


def test_an_address_brings_back_the_same_view(server, browser, tiny_module):
    doc = tiny_module._find("quiz-cut")
    browser.open(
        f"{server}/contamination?item=rivers-7&doc={doc.doc_id}&at={doc.span(doc.item)[0]}",
        f"{SETTLED} && document.querySelectorAll('pre').length > 3",
    )
    marked = browser.value("[...document.querySelectorAll('[class*=st-key-match] pre')].map(e => e.innerText.trim())")
    assert marked == [tiny_module.QUESTION] * 2
    link = browser.value("[...document.querySelectorAll('a')].map(a => a.href).find(h => h.includes('doc='))")
    browser.open(link, f"{SETTLED} && document.body.innerText.includes('The story of this document')")
    assert browser.value(f"document.body.innerText.includes('{doc.doc_id}')")
