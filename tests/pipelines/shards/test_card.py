"""The dataset card: its head is what ``datasets`` reads, and no value of the corpus is markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.shards.card import CardFacts, card

GROUP = {"value": "web", "num_documents": 3, "num_bytes": 1234567}
FACTS = CardFacts(
    title='A "quoted" title: with a colon',
    num_documents={"train": 3, "heldout": 1},
    num_bytes={"train": 1234567, "heldout": 10},
    groups={"source": [GROUP], "language": [{**GROUP, "value": None}], "license": []},
    drops=[{"step": "judge", "reason": "too_few_words", "num_documents": 1200}],
    entities=[],
    contamination=[{"benchmark": "exam", "action": "cut", "num_items": 2, "num_documents": 1}],
    policy={"rules": "Presets: none.", "pii": "Spans are replaced.", "contamination": "Runs of 13 words."},
    manifests={"scrub.survivors": "ab" * 32},
)


def head(text: str) -> list[str]:
    assert text.startswith("---\n")
    return text.split("---\n")[1].splitlines()


def test_the_head_names_the_files_of_each_split_that_has_documents():
    assert head(card(FACTS)) == [
        'pretty_name: "A \\"quoted\\" title: with a colon"',
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: heldout",
        "    path: data/heldout-*.parquet",
        "  - split: train",
        "    path: data/train-*.parquet",
    ]
    assert not [line for line in head(card(replace(FACTS, num_documents={"train": 3, "heldout": 0}))) if "heldout" in line]


def test_numbers_are_grouped_what_is_not_known_is_said_and_what_is_empty_too():
    lines = card(FACTS).splitlines()
    assert "| `web` | 3 | 1,234,567 |" in lines
    assert "| `not stated` | 3 | 1,234,567 |" in lines
    assert "| `judge` | `too_few_words` | 1,200 |" in lines
    assert lines[lines.index("## By license") + 2] == "none"


@pytest.mark.parametrize("value", ["a|b", "`code`", "line\nbreak", "<script>alert(1)</script>", "[link](http://host)", "x" * 200, "\u202e", ""])
def test_a_value_of_the_corpus_stays_in_its_cell_as_code(value):
    text = card(replace(FACTS, groups={**FACTS.groups, "source": [{**GROUP, "value": value, "num_documents": 7}]}))
    (row,) = [line for line in text.splitlines() if line.endswith("| 7 | 1,234,567 |")]
    assert row.count("|") == 4
    assert row.count("`") == 2
    assert len(row) < 110
    assert row.isprintable()


def test_the_largest_groups_are_shown_and_the_rest_is_summed_up():
    groups = [{"value": f"site-{i:02d}", "num_documents": i, "num_bytes": i * 10} for i in range(1, 26)]
    shown = [line for line in card(replace(FACTS, groups={**FACTS.groups, "source": groups})).splitlines() if "site-" in line or "more)" in line]
    assert shown[0] == "| `site-25` | 25 | 250 |"
    assert len(shown) == 21
    assert shown[-1] == "| `(5 more)` | 15 | 150 |"


def test_the_same_facts_give_the_same_card_whatever_order_rows_came_in():
    groups = [{**GROUP, "value": name} for name in ("b", "a", "c")]
    cards = {card(replace(FACTS, groups={**FACTS.groups, "source": order})) for order in (groups, groups[::-1])}
    assert len(cards) == 1


def test_figures_of_small_groups_are_withheld_and_cannot_be_reckoned_from_the_rest():
    sizes = {"big": 90, "small": 2, "next": 7}
    groups = [{"value": name, "num_documents": size, "num_bytes": size * 10} for name, size in sizes.items()]
    entities = [
        {"entity": "US_SSN", "policy": "drop", "num_spans": 8, "num_documents": 1},
        {"entity": "PERSON", "policy": "mask", "num_spans": 70, "num_documents": 30},
    ]
    facts = replace(FACTS, groups={**FACTS.groups, "source": groups}, entities=entities, min_group=5)
    for order in (facts, replace(facts, groups={**facts.groups, "source": groups[::-1]})):
        lines = card(order).splitlines()
        assert "| `big` | 90 | 900 |" in lines
        assert "| `small` | fewer than 5 | not told |" in lines
        assert "| `next` | not told | not told |" in lines
        assert "| `US_SSN` | `drop` | not told | fewer than 5 |" in lines
        assert "| `PERSON` | `mask` | 70 | 30 |" in lines


def test_the_sum_of_what_is_not_shown_is_withheld_where_it_would_tell_on_what_is():
    many = [{"value": f"site-{i:02d}", "num_documents": 50, "num_bytes": 1000 - i} for i in range(24)]
    heavy = {"value": "one", "num_documents": 1, "num_bytes": 5000}  # few documents, and so long that it stands at the head
    text = card(replace(FACTS, groups={**FACTS.groups, "source": [*many, heavy]}, min_group=5))
    assert "| `one` | fewer than 5 | not told |" in text
    assert "| `(5 more)` | not told | not told |" in text
    light = {**heavy, "num_bytes": 1}
    text = card(replace(FACTS, groups={**FACTS.groups, "source": [*many, light, {**light, "num_documents": 4}]}, min_group=5))
    assert "| `(6 more)` | 205 | " in text
