"""Canary strings are counted, and what only speaks of canaries is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.contract.errors import ConfigError
from pipelines.signals.canaries import Canaries
from pipelines.text.batch import DocumentBatch

if TYPE_CHECKING:
    from pathlib import Path

IDENTIFIER = "0123abcd-0000-4000-8000-0123456789ab"


def measured(family: Canaries, *texts: str) -> list[int]:
    return family.measure(DocumentBatch.of(list(texts))).column(0).to_pylist()


def test_a_canary_is_known_by_its_identifier_or_by_its_sentence() -> None:
    texts = {
        f"canary GUID {IDENTIFIER}": 1,
        f"Canary guid: {IDENTIFIER.upper()} and canary-string `{IDENTIFIER}`": 2,
        f"BENCHMARK DATA SHOULD NEVER\nAPPEAR IN TRAINING CORPORA. canary GUID {IDENTIFIER}": 2,
        "A canary in a coal mine; a canary release.": 0,
        f"{IDENTIFIER} alone names anything": 0,
        "the canary GUID is missing here": 0,
        "": 0,
    }
    assert dict(zip(texts, measured(Canaries(), *texts), strict=True)) == texts


def test_strings_of_a_list_count_too_whatever_their_case(tmp_path: Path) -> None:
    path = tmp_path / "canaries.txt"
    path.write_text("# ours\n\nzebra-lantern-71\n", encoding="utf-8")
    family = Canaries(file=path)
    assert measured(family, "Zebra-Lantern-71, zebra-lantern-71", "zebra lantern 71") == [2, 0]
    before = family.data()
    path.write_text("another-canary\n", encoding="utf-8")
    assert family.data() != before
    assert measured(family, "zebra-lantern-71 another-canary") == [1]


def test_a_list_that_cannot_be_one_says_where_and_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.txt' cannot be read .*a string a line"):
        Canaries(file=tmp_path / "nowhere.txt").data()
    path = tmp_path / "canaries.txt"
    for content, said in ((b"\xff\xfe", "not UTF-8"), (b"long-enough\nshort\n", "line 2: 5 characters; a canary has at least 8")):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=said):
            measured(Canaries(file=path), "text")
