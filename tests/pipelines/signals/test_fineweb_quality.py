"""FineWeb's shares are what plain Python makes of the lines of each text."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals.fineweb_quality import FinewebQuality
from pipelines.text.batch import DocumentBatch
from pipelines.text.marks import sentence_terminals

LINES = st.sampled_from(["It rains.", "It rains.", "", " ", "\u6771\u4eac\u3002", "x" * 30, "\u00e9" * 31, "a\r", "- b"]) | st.text(max_size=8)
TEXTS = st.lists(LINES, max_size=8).map("\n".join)


def share(count: int, whole: int) -> float:
    return count / whole if whole else 0.0


def plainly_measured(text: str) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line.strip()]
    repeated = sum(len(line) for place, line in enumerate(lines) if line in lines[:place])
    return {
        "num_lines": len(lines),
        "punctuated_line_ratio": share(sum(line[-1] in sentence_terminals() for line in lines), len(lines)),
        "short_line_ratio": share(sum(len(line) <= 30 for line in lines), len(lines)),
        "duplicate_line_character_ratio": share(repeated, len(text) - text.count("\n")),
        "line_break_ratio": share(text.count("\n"), len(DocumentBatch.of([text]).words[0])),
    }


@given(st.lists(TEXTS, max_size=4), st.integers(0, 2))
def test_every_share_is_that_of_plain_python_to_the_last_bit(texts: list[str], skipped: int) -> None:
    batch = DocumentBatch(pa.array(texts, pa.string()).slice(skipped))
    assert FinewebQuality().measure(batch).to_pylist() == [plainly_measured(text) for text in texts[skipped:]]
