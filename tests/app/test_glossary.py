"""Reasons in plain words, for people who read no code."""

from __future__ import annotations

import re
from pathlib import Path

from app.glossary import passed_over_why, pii_in_words, reason_in_words
from pipelines.detectors import plausible
from pipelines.rules.preset import load_preset, names


def test_no_reason_of_a_preset_speaks_of_n_grams_to_a_reader():
    reasons = {rule.reason for name in names() for rule in load_preset(name).rules}
    assert reasons
    assert not [reason for reason in reasons if {"gram", "grams"} & set(reason_in_words(reason).split())]


def test_every_rule_that_passes_something_over_is_told_in_words_of_its_own():
    code = Path(plausible.__file__).read_text("utf-8")
    rules = set(re.findall(r"\b(?:credit_card|ip_address|phone_number)\.[a-z_]+", code))
    rules |= {f"phone_number.{shape}" for shape in ("bare_number", *plausible._SHAPES)}
    assert len(rules) > 10
    assert not [rule for rule in sorted(rules) if passed_over_why(rule) == rule.partition(".")[2].replace("_", " ")]


def test_what_found_a_span_is_told_with_our_rule_if_it_was_one():
    row = {"num_spans": 2, "recognizers": ["presidio.mails"], "policy": "mask", "rule": "email.after_letters"}
    assert pii_in_words(row) == (
        "2 spans, found by presidio.mails (by our rule email.after_letters: it stands right behind letters); asterisks stand there now"
    )
    assert pii_in_words({**row, "rule": None, "policy": None}) == "2 spans, found by presidio.mails; what was done is not recorded"
