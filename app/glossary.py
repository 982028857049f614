"""What steps, fates and reasons mean, in plain words: for the pages, and for people who read no code."""

from __future__ import annotations

from typing import Final

STEPS: Final = {
    "ingest": "Read the sources and give every document an id.",
    "clean": "Repair the text: broken characters, markup, control characters.",
    "measure": "Measure each document: words, lines, repetitions, language.",
    "perplexity": "Ask a model how surprising each text is.",
    "judge": "Hold the measurements against the rules; drop what breaks one.",
    "exclude": "Drop what another corpus holds already.",
    "dedup": "Drop copies and near-copies; one of each group stays.",
    "split": "Set documents aside for testing; near-copies stay on one side.",
    "register": "Register the questions of the tests, to look for them.",
    "repeated_lines": "Cut out lines that many documents share; only where the run file asks for it.",
    "boilerplate": "Count phrases of the tests that many documents share; only where the run file asks for it.",
    "decontaminate": "Look for the questions of the tests in the training text; cut or drop what is met.",
    "scrub": "Find personal data and put a placeholder in its place.",
    "tokenize": "Cut the text into tokens, the units that a model reads.",
    "publish": "Scan once more, then publish the corpus.",
}
_REASONS: Final = {
    "blank_text": "nothing but white space",
    "canary_string": "it holds the mark by which authors of tests ask that nobody trains on it",
    "contaminated": "it contains a question of a test that the model will be scored on",
    "curly_bracket": "it holds a curly bracket, as program code does",
    "detector_gave_up": "the search for personal data came to no end",
    "exact_duplicate": "another document has the same text",
    "frequent_2_gram": "one phrase of two words makes up too much of it",
    "frequent_3_gram": "one phrase of three words makes up too much of it",
    "frequent_4_gram": "one phrase of four words makes up too much of it",
    "in_another_corpus": "a corpus that was named holds the same text already",
    "language_uncertain": "its language cannot be told with confidence",
    "listed_domain": "it comes from a domain on the list of those to leave out",
    "lorem_ipsum": "it holds the filler text that begins with lorem ipsum",
    "near_duplicate": "another document has nearly the same text",
    "no_lines": "it has no lines of text",
    "only_repeated_lines": "it holds nothing but lines that many documents share",
    "other_language": "it is most likely in another language than is wanted",
    "repeated_key": "a second record under a key that was read before",
    "repeated_line_characters": "too much of it stands in lines that were there before",
    "repeated_lines": "too many of its lines were there before",
    "repeated_paragraph_characters": "too much of it stands in paragraphs that were there before",
    "repeated_paragraphs": "too many of its paragraphs were there before",
    "too_few_alphabetic_words": "too few of its words hold a letter",
    "too_few_punctuated_lines": "too few of its lines end as sentences do",
    "too_few_stop_words": "too few of the small words that every English text has",
    "too_many_bullets": "too many of its lines are items of lists",
    "too_many_ellipses": "too many dots that trail off",
    "too_many_lines_end_with_ellipsis": "too many of its lines trail off",
} | {f"repeated_{n}_grams": f"too much of it is phrases of {n} words that were there before" for n in range(5, 11)}
FATES: Final = {
    "kept": "It is in the published corpus.",
    "dropped": "A step decided against it; the reason is recorded.",
    "quarantined": "It could not be read or processed, and was set aside.",
}
SUBSETS: Final = {
    "all": "every item of the test",
    "clean": "items that were not met in the training text of this model",
    "contaminated": "items that were met in the training text of this model, word for word",
    "inexact": "items that were met in it only with a word changed, left out or added",
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
