"""Which parts of registered items are looked for: by role or name, by length, and joined where they are too short apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from pipelines.contract.schema import JOINED

if TYPE_CHECKING:
    from collections.abc import Sequence

NGRAM_WORDS: Final = 13
MIN_WORDS: Final = 8
ROLES: Final = ("input", "label", "both")


def checkable(num_words: int, *, match_whole: bool, min_words: int = MIN_WORDS) -> bool:
    """Whether a part of so many words can be looked for at all; an item none of whose parts can is unchecked."""
    return num_words >= min_words or (match_whole and num_words > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """Which parts are looked for.

    Attributes:
        ngram_words: words of the n-grams by which long parts are looked for.
        min_words: parts of this many words up to ``ngram_words - 1`` are looked for whole.
        parts: roles of parts, or their names.
    """

    ngram_words: int = NGRAM_WORDS
    min_words: int = MIN_WORDS
    parts: tuple[str, ...] = ROLES

    def looked_for(self, items: pa.Table) -> pa.BooleanArray:
        """For each row of a table in the schema BENCHMARK_ITEMS whether it is looked for.

        Question and answer as one text are looked for where one of the two is too short to be looked for alone, or is not asked for: elsewhere the
        parts find all that the joined text would, and once.
        """
        wanted, least = set(self.parts), min(self.min_words, self.ngram_words)
        names, roles = items.column("part").to_pylist(), items.column("role").to_pylist()
        lengths = zip(items.column("num_words").to_pylist(), items.column("match_whole").to_pylist(), strict=True)
        found = [
            bool({name, role} & wanted) and checkable(num_words, match_whole=whole, min_words=least)
            for name, role, (num_words, whole) in zip(names, roles, lengths, strict=True)
        ]
        keys = list(zip(items.column("benchmark").to_pylist(), items.column("item_id").to_pylist(), strict=True))
        short = {key for key, name, is_found in zip(keys, names, found, strict=True) if not is_found and name != JOINED}
        return pa.array(_joined_where_short(keys, names, found, short), pa.bool_())


def _joined_where_short(keys: Sequence[tuple[str, str]], names: Sequence[str], found: Sequence[bool], short: set[tuple[str, str]]) -> list[bool]:
    return [is_found and (name != JOINED or key in short) for key, name, is_found in zip(keys, names, found, strict=True)]
