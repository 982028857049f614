"""Hosts and folders of addresses, against ``urlsplit``."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.origins import origin_of

PIECES = st.sampled_from(
    [
        "http://",
        "https://",
        "HTTP://",
        "//",
        "a.example",
        "A.Example",
        "\u00e9.example",
        "user@",
        "[::1]",
        "[",
        ":80",
        ":",
        "/",
        "/a/b",
        "?q=/x",
        "#/f",
        " ",
        "\n",
        "\t",
        "\x00",
        "%2F",
        ".",
    ]
)
URLS = st.lists(PIECES, max_size=7).map("".join) | st.lists(PIECES, max_size=6).map(lambda pieces: "https://a.example" + "".join(pieces))


def plain_origin(by, url):
    try:
        host, path = urlsplit(url).hostname or "", urlsplit(url).path
    except ValueError:
        host, path = "", ""
    if by == "host":
        return host or "key"
    return f"{host}{path.rpartition('/')[0]}" if host else "folder"


@given(url=URLS, by=st.sampled_from(["host", "folder"]))
@settings(max_examples=400)
def test_the_origin_is_what_urlsplit_makes_of_the_address(url, by):
    assert origin_of(by, key="key", file="folder/file", url=url) == plain_origin(by, url)
