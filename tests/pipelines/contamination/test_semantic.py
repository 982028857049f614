"""Items met in other words: the same in any batch and order, bounded, and never more than a hint."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contamination.semantic import BLOCK_WORDS, BLOCKS_A_PASSAGE, Nearest, SemanticIndex, SemanticRule, ranked
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.words import contamination_words

TOPICS = {
    "baking": ["baker", "bread", "oven", "dough", "flour", "cake", "yeast", "loaf"],
    "sailing": ["sailor", "ship", "harbour", "mast", "anchor", "captain", "deck", "storm"],
    "music": ["guitar", "string", "fret", "note", "pitch", "singer", "tune", "chord"],
    "law": ["lawyer", "witness", "judge", "court", "oath", "verdict", "trial", "jury"],
}
LINKS = ["the", "a", "of", "and", "in", "to", "is", "was", "for", "on", "by", "with"]


class Topics:
    """Vectors by hand: a word points where its topic does, a link word nearly nowhere."""

    def of_words(self, words):
        names = list(TOPICS)
        found = np.zeros((len(words), len(names) + 1), np.int32)
        for i, word in enumerate(words):
            for j, name in enumerate(names):
                found[i, j] = 100 * (word in TOPICS[name]) + TOPICS[name].index(word) if word in TOPICS[name] else 0
            found[i, -1] = 3 * (word in LINKS)
        return found

    def common_words(self):
        return [*LINKS, *(word for words in TOPICS.values() for word in words)]


def about(topic, num_words, seed):
    random_ = random.Random(f"{topic}{seed}")
    return " ".join(random_.choice(LINKS) if random_.random() < 0.5 else random_.choice(TOPICS[topic]) for _ in range(num_words))


def items(*texts):
    rows = [{**dict.fromkeys(BENCHMARK_ITEMS.schema.names), "benchmark": "b", "item_id": str(i), "part": "q", "text": t} for i, t in enumerate(texts)]
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema)


def index(*texts, **rule):
    return SemanticIndex(items(*texts), Topics(), SemanticRule(**rule))


@pytest.fixture
def documents():
    kinds = list(TOPICS)
    return [f"{about(kinds[i % 4], 90, i)}. {about(kinds[(i + 1) % 4], 40 + i, i)}!" for i in range(24)] + ["", "one", "...", about("law", 8, 1)]


def found(its, documents):
    return sorted(its.candidates([f"{i:03}" for i in range(len(documents))], pa.array(documents, pa.string())))


def test_a_passage_about_the_same_is_named_with_its_own_words(documents):
    its = index(about("sailing", 20, 1000), min_static=0.9)
    named = found(its, documents)
    assert {int(one.doc_id) for one in named} == {i for i in range(24) if "harbour" in documents[i] or "ship" in documents[i]} != set()
    for one in named:
        text = documents[int(one.doc_id)].encode()
        assert text[one.start : one.end].decode() == one.passage
        assert len(contamination_words(pa.array([one.passage])).of_text(0)) <= 2 * BLOCK_WORDS * max(BLOCKS_A_PASSAGE)


def test_a_passage_is_narrowed_to_the_run_of_words_that_is_nearest_to_the_item():
    item = about("sailing", 20, 3)
    text = f"{about('law', 60, 1)} {item} Zig zag! {about('law', 60, 2)}"
    its = index(item, min_static=0.3)
    (wide,) = found(its, [text])
    (narrow,) = its.narrowed([wide])
    assert text.encode()[narrow.start : narrow.end].decode() == narrow.passage
    assert (narrow.passage in item, item in wide.passage) == (True, True)
    assert narrow.distance < wide.distance
    assert its.narrowed([wide]) == [narrow], "to look at a passage changes nothing in the index"


def test_the_cosine_is_that_of_the_sums_of_the_words(documents):
    topics = Topics()
    its = index(about("music", 16, 5), min_static=0.3)
    for one in its.narrowed(found(its, documents)):
        item = topics.of_words(about("music", 16, 5).split()).sum(axis=0, dtype=np.float64)
        said = topics.of_words(contamination_words(pa.array([one.passage])).of_text(0)).sum(axis=0, dtype=np.float64)
        assert 1 - one.distance == pytest.approx(said @ item / np.linalg.norm(said) / np.linalg.norm(item), abs=1e-12)


@pytest.mark.parametrize("size", [1, 3, 28])
def test_batches_and_their_order_change_nothing(documents, size):
    its = index(*(about(topic, n, 7) for topic in TOPICS for n in (12, 30, 70)), min_static=0.5, candidates=3)
    nearest = Nearest(3)
    starts = list(range(0, len(documents), size))
    random.Random(size).shuffle(starts)
    for start in starts:
        ids = [f"{i:03}" for i in range(start, min(start + size, len(documents)))]
        nearest.add(its.candidates(ids, pa.array(documents[start : start + size], pa.string())))
    whole = found(its, documents)
    assert nearest.all() == [one for item in range(12) for one in [c for c in whole if c.item == item][:3]]
    assert len(nearest.all()) == 36


def test_items_of_few_words_or_of_words_without_vectors_are_not_looked_for(documents):
    its = index("ship mast deck", "zig zag zog zug zeg zyg zag zig zog", about("law", 9, 3), min_static=0.0)
    assert its.num_items == 1
    assert {one.item for one in found(its, documents)} == {2}
    assert found(index(), documents) == []


def test_the_encoder_decides_and_a_finding_is_a_flag(documents):
    sought = items(about("baking", 16, 2), about("law", 16, 2))
    named = found(SemanticIndex(sought, Topics(), SemanticRule(min_static=0.8)), documents)

    def encode(texts):
        return np.array([[0.6, 0.8] if "bread" in text or "oven" in text else [1.0, 0.0] for text in texts], np.float32)

    rows = ranked(sought, named, encode, 0.95).to_pylist()
    assert 0 < len(rows) < len(named) + 1
    assert {(row["tier"], row["action"], row["num_ngrams"]) for row in rows} == {("semantic", "flag", None)}
    assert all(row["similarity"] >= 0.95 and row["item_end"] == len(about("baking" if row["item_id"] == "0" else "law", 16, 2)) for row in rows)
