"""Words against a reference that is written apart from the kernel: Python's own ``re``, ``str.split`` and ``str.lower``, a word at a time."""

import re
import string
import unicodedata
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text import words
from pipelines.text.word_forms import SPACELESS
from pipelines.text.words import contamination_words, count_words, dedup_words

ALONE = "".join(f"{chr(low)}-{chr(high)}" for low, high in SPACELESS)
# What breaks case, width and word rules, mixed with what texts are made of.
AWKWARD = st.sampled_from(
    [*"aZé_9 \n\t.,'\"-Σσ", "\u0130", "\u00ad", "\u200b", "\u0301", "\u3000", "ẞ", "Ⱥ", "東", "ー", "ก", "็", "ကို", "👍🏽", "\x00", "\x1c", "ª"]
)
TEXTS = st.lists(st.one_of(st.text(), st.lists(AWKWARD).map("".join)), max_size=5)


def lowered(text):
    """Each character of the lowered text with the byte span of the character that it came from."""
    whole, at, place = text.lower(), 0, 0
    for character in text:
        width, size = len(character.lower()), len(character.encode())
        for low in whole[at : at + width]:
            yield low, place, place + size
        at, place = at + width, place + size
    assert at == len(whole)


def plain_dedup_words(text):
    characters = list(lowered(text))
    found = re.finditer(rf"(?=\w)[{ALONE}]|(?:(?![{ALONE}])\w)+", "".join(c for c, _, _ in characters))
    return [(m[0], characters[m.start()][1], characters[m.end() - 1][2]) for m in found]


def plain_gpt3_words(text):
    words = []
    for token in re.finditer(r"(?:(?!\s)\S)+", text):
        start, end = len(text[: token.start()].encode()), len(text[: token.end()].encode())
        own, after_alone = [], False
        for character, here, _ in lowered(text):
            if not start <= here < end or unicodedata.category(character)[0] in "PS" or unicodedata.category(character) == "Cf":
                continue
            is_mark, is_alone = unicodedata.category(character)[0] == "M", bool(re.match(f"[{ALONE}]", character))
            if not own or (not is_mark and (is_alone or after_alone)):
                own.append([character, here if own else start, end])
                after_alone = is_alone and not is_mark
            else:
                own[-1][0] += character
                after_alone = after_alone if is_mark else is_alone
        for earlier, later in pairwise(own):
            earlier[2] = later[1]
        words += [tuple(word) for word in own]
    return words


def kernel_words(words, text):
    inside = slice(words.first[text], words.first[text + 1])
    return list(zip(words.of_text(text), words.text_starts[inside].tolist(), words.text_ends[inside].tolist(), strict=True))


@settings(max_examples=300)
@given(TEXTS)
def test_dedup_words_are_what_python_says_they_are(texts):
    words = dedup_words(pa.array(texts, pa.string()))
    assert [kernel_words(words, i) for i in range(len(texts))] == [plain_dedup_words(text) for text in texts]


@settings(max_examples=300)
@given(TEXTS)
def test_words_of_the_form_gpt3_are_what_python_says_they_are(texts):
    words = contamination_words(pa.array(texts, pa.string()), normal_form="gpt3")
    assert [kernel_words(words, i) for i in range(len(texts))] == [plain_gpt3_words(text) for text in texts]


@given(st.text(st.characters(max_codepoint=127)))
def test_in_ascii_words_of_the_form_gpt3_are_the_evaluation_harness_s_but_for_empty_ones(text):
    deleted = str.maketrans("", "", string.punctuation)
    found = contamination_words(pa.array([text]), normal_form="gpt3").of_text(0)
    assert found == [word for word in (w.lower().translate(deleted) for w in text.split()) if word]


@settings(max_examples=25)
@given(TEXTS, st.integers(0, 3), st.booleans())
def test_a_slice_of_an_array_and_large_strings_give_the_same_words(texts, skip, large):
    array = pa.array(["Σ before", *texts], pa.large_string() if large else pa.string()).slice(skip)
    words = dedup_words(array)
    assert [words.of_text(i) for i in range(len(array))] == [[w for w, _, _ in plain_dedup_words(t.as_py())] for t in array]


@given(st.text())
def test_words_of_a_text_stand_side_by_side_with_one_blank_between(text):
    words = dedup_words(pa.array(["before", text, "after"]))
    low, high = words.first[1], words.first[2]
    joined = words.utf8[words.starts[low] : words.ends[high - 1]].tobytes().decode() if high > low else ""
    assert joined == " ".join(words.of_text(1))


def test_every_code_point_is_classed_and_lowered_as_python_does_it():
    points = "".join(chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000)
    chunks = [" ".join(points[i : i + 5000]) for i in range(0, len(points), 5000)]
    words = dedup_words(pa.array(chunks, pa.string()))
    assert "".join("".join(words.of_text(i)) for i in range(len(chunks))) == "".join(re.findall(r"\w+", " ".join(points).lower()))


@pytest.mark.parametrize("of", [dedup_words, contamination_words])
def test_no_text_and_empty_text_have_no_words(of):
    assert of(pa.array([], pa.string())).first.tolist() == [0]
    assert of(pa.array(["", " \n", "", "\u3000"], pa.string())).first.tolist() == [0, 0, 0, 0, 0]
    assert len(of(pa.array(["", ""], pa.string()).slice(1)).starts) == 0


def test_broken_utf8_gives_words_and_no_crash():
    raw = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(np.array([0, 3, 5], np.int32)), pa.py_buffer(b"a\xf0\x9f\xff\xe6")])
    assert dedup_words(raw).first[-1] >= 1


def test_a_word_count_is_the_number_of_contamination_words():
    assert [count_words(text) for text in ("", "- ' -", "It's 9 a.m. -- 東京")] == [0, 0, 5]


@pytest.mark.shared
def test_words_of_real_documents_in_many_languages_are_python_s(shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet").column("text").to_pylist()[::23]
    dedup = dedup_words(pa.array(texts))
    assert [kernel_words(dedup, i) for i in range(len(texts))] == [plain_dedup_words(text) for text in texts]


def test_a_capital_sigma_asks_for_no_other_machine_code() -> None:
    for text in ("plain", "\u03a3\u039f\u03a6\u039f\u03a3"):
        dedup_words(pa.array([text]))
    assert len(words._segment.compiled.signatures) == 1
