"""The fourth verb, in terms of the others: rounds of a step until nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract.errors import NotFixed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.contract.parts import Table
    from pipelines.engine.base import Engine

    Round = Callable[[Table, Path], Table]


def iterate(state: Table, step: Round, folder: Path, *, max_rounds: int = 40) -> Table:
    """Applies the step until a round leaves the content as it was. A step is given a table and a folder of its own, and gives a table of that schema.

    A round's result is Parquet, so no lineage grows, and equality is that of the order-free content hash. Large-star and small-star on a path of
    20,000 nodes take 12 to 16 rounds, which is why 40 are plenty.

    Raises:
        NotFixed: the bound was passed.
    """
    for number in range(max_rounds):
        after = step(state, folder / f"round-{number}").renamed(state.name)
        if after.content_sha256 == state.content_sha256:
            return after
        state = after
    raise NotFixed(f"{state.name}: no fixed point after {max_rounds} rounds; raise max_rounds if it takes that many")


def queries(engine: Engine, *names: str) -> Round:
    """A step of ``iterate``: some SQL in turn, each of which reads and gives a table of the state's name and schema."""

    def step(state: Table, folder: Path) -> Table:
        for name in names:
            state = engine.query(name, {state.name: state}, state.schema, folder / name).renamed(state.name)
        return state

    return step
