"""A document's domain against a list of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.contract.errors import ConfigError
from pipelines.signals.listed_domains import ListedDomains
from pipelines.text.batch import DocumentBatch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def listed(tmp_path: Path) -> ListedDomains:
    path = tmp_path / "domains.txt"
    path.write_text("# ours\nexample.org\n\nBücher.example\nfoo.bar.test.\nhttps://pages.test/jane\nhttp://whole.test\n", encoding="utf-8")
    return ListedDomains(file=path)


def test_a_listed_domain_lists_what_is_below_it_and_nothing_beside_or_above(listed: ListedDomains) -> None:
    urls = {
        "https://example.org/a": 1,
        "http://WWW.Example.ORG.:8080/?q=1": 1,
        "https://notexample.org/": 0,
        "https://bar.test/": 0,
        "https://a.foo.bar.test/": 1,
        "https://xn--bcher-kva.example/": 1,
        "https://bücher.example/": 1,
        "https://elsewhere.test/example.org": 0,
        "https://user@example.org/": 1,
        "http://[::1": 0,
        "example.org": 0,
        "http://pages.test:8080/jane?q=1": 1,
        "https://pages.test//jane/photos/1.jpg": 1,
        "https://pages.test/janet": 0,
        "https://pages.test/": 0,
        "https://www.pages.test/jane": 0,
        "https://whole.test/anything": 1,
        "https://sub.whole.test/": 0,
        "": 0,
        None: 0,
    }
    batch = DocumentBatch.of(["text"] * len(urls), url=list(urls))
    assert dict(zip(urls, listed.measure(batch).column(0).to_pylist(), strict=True)) == urls


def test_documents_without_urls_are_on_no_list(listed: ListedDomains) -> None:
    assert listed.measure(DocumentBatch.of(["text", ""])).column(0).to_pylist() == [0, 0]


def test_other_bytes_at_the_same_path_are_other_data_and_are_read(listed: ListedDomains) -> None:
    before, batch = listed.data(), DocumentBatch.of(["text"], url=["https://elsewhere.test/"])
    assert (listed.data(), listed.measure(batch).column(0).to_pylist()) == (before, [0])
    listed.file.write_text("elsewhere.test\n", encoding="utf-8")
    assert listed.data() != before
    assert listed.measure(batch).column(0).to_pylist() == [1]


def test_a_list_that_is_missing_or_is_none_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.txt' cannot be read \(No such file.*a domain or an address a line"):
        ListedDomains(file=tmp_path / "nowhere.txt").data()
    for content, said in ((b"\xff\xfe", "not UTF-8"), (b"ok.test\na.test/page\n", "line 2: expected a domain, such as")):
        path = tmp_path / "list.txt"
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=said):
            ListedDomains(file=path).measure(DocumentBatch.of(["text"]))
