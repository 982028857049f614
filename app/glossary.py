"""What steps, fates and reasons mean, in plain words: for the pages, and for people who read no code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "scrub": "Find personal data and do what its policy says: replace it, drop the document, or only tell.",
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
TIERS: Final = {
    "exact": "word for word",
    "inexact": "with a word changed, left out or added",
    "semantic": "the same meaning in other words",
}
WHY_NOT: Final = {
    "inexact": "words differ, so no more was done than the run file allows for that",
    "no_answer": "the item has no answer that a model could learn",
    "low_coverage": "the document holds less of the item than the run file asks for",
    "document_dropped": "the whole document was left out because of other text",
    "in_a_cut": "it lies in a passage that was cut because of other text, or such a cut broke it",
}


def reason_in_words(reason: str | None) -> str:
    """A reason as a reader would say it; one that is not listed here speaks for itself once its underscores are gone."""
    return "" if reason is None else _REASONS.get(reason, reason.replace("_", " "))


POLICIES: Final = {
    "mask": "asterisks stand there now",
    "placeholder": "its kind stands there now",
    "pseudonym": "its kind and letters that are the same for the same value stand there now",
    "surrogate": "an invented value stands there now",
    "generalise": "a wider value stands there now, as a country for a city",
    "drop": "the document was left out",
    "flag": "it was noted and left in",
}
_PASSED_OVER: Final = {
    "credit_card.decimals": "digits behind a decimal point",
    "ip_address.not_allocated": "an address that nobody was given",
    "ip_address.not_public": "an address of a private or reserved network",
    "ip_address.part_of_longer": "part of a longer dotted number",
    "ip_address.section_number": "four small numbers, as of a section or a version",
    "ip_address.version": "a number behind the word version",
    "names.code_token": "a piece of program code",
    "names.no_letter": "it has no letter",
    "phone_number.bare_number": "a number without any sign of a telephone",
    "phone_number.date": "a date",
    "phone_number.decimal": "a number with a decimal point",
    "phone_number.decimals": "decimals in a row, as in a table",
    "phone_number.digits_one_by_one": "single digits, as in a row of a table",
    "phone_number.ip_address": "an address of a network",
    "phone_number.part_of_decimals": "digits behind or before a decimal point",
    "phone_number.too_short": "fewer digits than a number has",
    "phone_number.us_postcode": "a postcode",
    "phone_number.years": "years, from one to another",
    "street_address.of_a_licence": "the address that stands in licences of free software",
    "secrets.checksum": "a token whose checksum is wrong",
    "secrets.expression": "program code where a secret would stand",
    "secrets.low_entropy": "letters too regular for a secret",
    "secrets.number": "a bare number where a secret would stand",
    "secrets.placeholder": "a sample or a gap to be filled in",
    "secrets.public": "what is named public, or is no secret by its name",
    "secrets.reference": "a pointer to where a secret lies",
    "secrets.short": "fewer characters than a secret has",
    "secrets.word": "a word of the language where a secret would stand",
}


# How a rule of ours found what presidio's recogniser would not, by the end of its name.
_FOUND_BY: Final = {
    "after_letters": "it stands right behind letters",
    "between_marks": "it stands between marks of code",
    "after_slash": "it stands behind a slash, as in a web address",
    "after_word": "a word before it says what it is",
    "at_in_brackets": "its at sign is written in brackets",
    "dots": "dots part its digits",
    "full_width": "it is written in full-width characters",
    "lower_case": "it is written in small letters",
    "percent": "it is percent-encoded",
}


def policy_in_words(policy: str | None) -> str:
    """What was done with a finding; a run of an earlier version did not say."""
    return "what was done is not recorded" if policy is None else POLICIES.get(policy, policy)


def passed_over_why(rule: str) -> str:
    """What a place is by the rule that passed it over."""
    return _PASSED_OVER.get(rule, rule.partition(".")[2].replace("_", " ") or rule)


def passed_over_in_words(row: Mapping[str, Any]) -> str:
    """Why places that look like personal data were left: a row with ``rule`` and ``num_places``."""
    return f"{row['num_places']:,} {'place' if row['num_places'] == 1 else 'places'}, {passed_over_why(row['rule'])} ({row['rule']})"


def _found_why(rule: str) -> str:
    words = _FOUND_BY.get(rule.rpartition(".")[2])
    return f"by our rule {rule}: {words}" if words else f"by our rule {rule}"


def pii_in_words(row: Mapping[str, Any]) -> str:
    """What was found and done: a row with ``num_spans``, ``policy``, ``rule`` and ``recognizers``."""
    by = ", ".join(row["recognizers"]) + (f" ({_found_why(row['rule'])})" if row["rule"] else "")
    return f"{row['num_spans']:,} {'span' if row['num_spans'] == 1 else 'spans'}, found by {by}; {policy_in_words(row['policy'])}"


def scanned_in_words(scanned: Mapping[str, Any]) -> str:
    """What a text is that was looked through when it was asked for."""
    if scanned["why_not"]:
        return f"The document is not published, and its text is not shown, since it cannot be scanned: {scanned['why_not']}"
    hidden = f"{scanned['num_hidden']:,} {'place is' if scanned['num_hidden'] == 1 else 'places are'} hidden"
    return f"The document is not published; its text was scanned now with {', '.join(scanned['detectors'])}, as the run scans: {hidden}."
