"""The fourth verb, in terms of the third: rounds of SQL until nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract.errors import NotFixed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.contract.parts import Table
    from pipelines.engine.base import Engine


def iterate(engine: Engine, state: Table, queries: Sequence[str], folder: Path, *, max_rounds: int = 40) -> Table:
    """Applies the queries in turn until a round leaves the content as it was. Each query reads and gives a table of the state's name and schema.

    A round's result is Parquet, so no lineage grows, and equality is that of the order-free content hash. Large-star and small-star on a path of
    20,000 nodes take 12 to 16 rounds, which is why 40 are plenty.

    Raises:
        NotFixed: the bound was passed.
    """
    for number in range(max_rounds):
        after = state
        for query in queries:
            after = engine.query(query, {state.name: after}, state.schema, folder / f"round-{number}-{query}").renamed(state.name)
        if after.content_sha256 == state.content_sha256:
            return after
        state = after
    raise NotFixed(f"{' and '.join(queries)}: no fixed point after {max_rounds} rounds; raise max_rounds if the components are that deep")
