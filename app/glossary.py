"""What steps, fates and reasons mean, in plain words: for the pages, and for people who read no code."""

from __future__ import annotations

from typing import Final

STEPS: Final = {
    "ingest": "Read the sources and give every document an id.",
    "clean": "Repair the text: broken characters, markup, control characters.",
    "measure": "Measure each document: words, lines, repetitions, language.",
    "judge": "Hold the measurements against the rules; drop what breaks one.",
    "dedup": "Drop copies and near-copies; one of each group stays.",
    "split": "Set documents aside for testing; near-copies stay on one side.",
    "register": "Register the questions of the tests, to look for them.",
    "decontaminate": "Look for the questions of the tests in the training text; cut or drop what is met.",
    "scrub": "Find personal data and put a placeholder in its place.",
    "tokenize": "Cut the text into tokens, the units that a model reads.",
    "publish": "Scan once more, then publish the corpus.",
}
_REASONS: Final = {
    "blank_text": "nothing but white space",
    "contaminated": "it contains a question of a test that the model will be scored on",
    "exact_duplicate": "another document has the same text",
    "near_duplicate": "another document has nearly the same text",
    "not_utf8": "bytes that are no text in UTF-8",
    "repeated_key": "a second record under a key that was read before",
}
FATES: Final = {
    "kept": "It is in the published corpus.",
    "dropped": "A step decided against it; the reason is recorded.",
    "quarantined": "It could not be read or processed, and was set aside.",
}
SUBSETS: Final = {
    "all": "every item of the test",
    "clean": "items that were not met in the training text of this model",
    "contaminated": "items that were met in the training text of this model",
    "unchecked": "items that could not be looked for: too short, or not registered",
}
ACTIONS: Final = {
    "drop": "the document was left out",
    "cut": "the passage was cut out",
    "flag": "it was noted and left in",
}


def reason_in_words(reason: str | None) -> str:
    """A reason as a reader would say it; one that is not listed here speaks for itself once its underscores are gone."""
    return "" if reason is None else _REASONS.get(reason, reason.replace("_", " "))
