from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.base import TaskContext, tasks
from evalsuite.sampling import rank, sample
from evalsuite.tasks.bits_per_byte import first_bytes
from pipelines.contract.errors import InputError

MADE = ("cloze", "bits_per_byte")
NO_ROWS = {"doc_id": pa.array([], pa.string()), "text": pa.array([], pa.string()), "source": pa.array([], pa.string())}


def items(name, heldout, **params):
    return list(tasks[name](**params).items(TaskContext(heldout=heldout)))


@pytest.mark.parametrize("name", MADE)
def test_the_order_of_rows_changes_no_item(name, heldout):
    assert items(name, heldout) == items(name, heldout.take(list(reversed(range(30))))) != []


@pytest.mark.parametrize("name", MADE)
def test_a_corpus_without_a_held_out_side_is_said_so(name):
    with pytest.raises(InputError, match="held-out side"):
        list(tasks[name]().items(TaskContext()))
    with pytest.raises(InputError, match=r"lacks \['source', 'text'\]"):
        items(name, pa.table({"doc_id": ["a"]}))


@pytest.mark.parametrize("name", MADE)
def test_an_empty_held_out_side_has_no_items(name):
    assert items(name, pa.table(NO_ROWS)) == []


def test_a_cloze_passage_is_cut_from_its_document_and_goes_on_with_its_own_words(heldout):
    texts = dict(zip(heldout["doc_id"].to_pylist(), heldout["text"].to_pylist(), strict=True))
    for item in items("cloze", heldout):
        text = texts[item.item_id.split("-")[0]]
        (part,) = item.parts
        right = item.requests[int(item.target)]
        assert part.text in text
        assert 60 <= len(right.context.split()) <= 120
        assert (right.context + right.continuation).split() == part.text.split()
        assert [len(r.continuation.split()) for r in item.requests] == [18] * 4
        assert len({r.continuation for r in item.requests}) == 4


def test_cloze_distractors_are_of_other_documents(heldout):
    texts = dict(zip(heldout["doc_id"].to_pylist(), heldout["text"].to_pylist(), strict=True))
    for item in items("cloze", heldout):
        own = texts[item.item_id.split("-")[0]].split()
        wrong = [r.continuation for i, r in enumerate(item.requests) if str(i) != item.target]
        assert not any(set(text.split()) & set(own) for text in wrong)


def test_a_line_break_does_not_give_the_answer_away(heldout):
    assert all(r.continuation == " " + " ".join(r.continuation.split()) for item in items("cloze", heldout) for r in item.requests)


def test_documents_that_are_too_short_are_passed_over(heldout):
    long_enough = [t for t in heldout["text"].to_pylist() if len(t.split()) >= 78]
    assert 0 < len(items("cloze", heldout)) == len(long_enough) < 30


def test_too_few_passages_make_no_item_rather_than_an_easier_one(heldout):
    longest = heldout.slice(26)
    assert len(items("cloze", longest)) == 4
    assert items("cloze", longest.slice(1)) == []
    assert items("cloze", pa.concat_tables([longest.slice(3), longest.slice(3)])) == []


def test_items_of_one_id_have_one_passage(heldout):
    passages = {}
    for words in (10, 12, 18):
        for item in items("cloze", heldout, num_continuation_words=words):
            assert passages.setdefault(item.item_id, item.parts) == item.parts
    assert len(passages) > len(items("cloze", heldout))


def test_bits_per_byte_takes_every_source_up_to_its_bound(heldout):
    for bound in (1, 2000, 10**9):
        found = items("bits_per_byte", heldout, max_source_bytes=bound, max_document_bytes=500)
        for source in ("books", "pages"):
            sizes = [len(i.requests[0].text.encode()) for i in found if i.groups == (source,)]
            assert max(sizes) <= 500
            assert sum(sizes[:-1]) < bound
            assert bound == 10**9 or sum(sizes) >= bound
    assert len(found) == 30


@settings(max_examples=80)
@given(st.text(max_size=30), st.integers(0, 40))
def test_a_beginning_never_cuts_a_letter(text, size):
    found = first_bytes(text, size)
    assert text.startswith(found)
    assert len(found.encode()) <= size
    assert found == text or len(text[: len(found) + 1].encode()) > size


@settings(max_examples=60)
@given(st.lists(st.text(max_size=5), unique=True, max_size=20), st.integers(0, 20), st.randoms(use_true_random=False))
def test_a_sample_is_the_same_set_for_every_order(values, size, random):
    mixed = random.sample(values, len(values))
    assert set(sample(values, str, size)) == set(sample(mixed, str, size))
    assert len(sample(values, str, size)) == min(size, len(values))
    assert sample(values, str, None) == values


def test_parts_of_a_key_do_not_run_together():
    assert rank("ab", "c") != rank("a", "bc")
