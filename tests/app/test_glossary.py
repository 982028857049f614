"""Reasons in plain words, for people who read no code."""

from __future__ import annotations

from app.glossary import reason_in_words
from pipelines.rules.preset import load_preset, names


def test_no_reason_of_a_preset_speaks_of_n_grams_to_a_reader():
    reasons = {rule.reason for name in names() for rule in load_preset(name).rules}
    assert reasons
    assert not [reason for reason in reasons if {"gram", "grams"} & set(reason_in_words(reason).split())]
