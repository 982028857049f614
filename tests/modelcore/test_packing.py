from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelcore.packing import Packing

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def packed(lengths: list[int], context_length: int) -> Packing:
    return Packing(offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), context_length=context_length)


@settings(max_examples=80, deadline=None)
@given(lengths=LENGTHS, context_length=st.integers(1, 50))
def test_no_token_is_lost_but_the_tail_that_is_owned_up_to(lengths: list[int], context_length: int) -> None:
    packing = packed(lengths, context_length)
    stream = [(document, place) for document, length in enumerate(lengths) for place in range(length)]
    predicted = []
    for row in range(packing.num_rows):
        touched = [(span.document, span.start + i) for span in packing.spans(row) for i in range(span.length)]
        assert touched == stream[row * context_length : (row + 1) * context_length + 1]
        predicted += touched[1:]
    num_trained = len(stream) - packing.num_tail_tokens
    assert predicted == (stream[1:num_trained] if packing.num_rows else [])
    assert packing.num_tail_tokens <= context_length


@settings(max_examples=80, deadline=None)
@given(lengths=LENGTHS, context_length=st.integers(1, 50))
def test_the_rows_of_a_document_are_those_whose_spans_name_it(lengths: list[int], context_length: int) -> None:
    packing = packed(lengths, context_length)
    for document in range(len(lengths)):
        naming = [row for row in range(packing.num_rows) if document in {span.document for span in packing.spans(row)}]
        assert list(packing.rows_of(document)) == naming


@pytest.mark.parametrize(("lengths", "num_rows"), [([], 0), ([1], 0), ([5], 1), ([4, 5], 2), ([8], 1), ([9], 2)])
def test_a_row_needs_one_token_more_than_the_context(lengths: list[int], num_rows: int) -> None:
    assert packed(lengths, 4).num_rows == num_rows
