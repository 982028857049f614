"""The list of steps is open: what each reads is found among those before it, and a mistake is told before any work."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pipelines.contract.errors import PartError
from pipelines.steps.base import EVERY, LAST
from pipelines.steps.order import Order, placed

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG: Any = SimpleNamespace()


class Fixed:
    """A step that does nothing; only what it reads and writes counts here."""

    version = 1

    def __init__(self, name: str, *writes: str, reads: tuple[tuple[str, str], ...] = ()) -> None:
        self.name = name
        self._writes = writes
        self._reads = reads

    def params(self, _config: Any) -> Any:
        return {}

    def parts(self, _config: Any) -> dict[str, int]:
        return {}

    def reads(self, _config: Any) -> tuple[tuple[str, str], ...]:
        return self._reads

    def outputs(self, _config: Any) -> Mapping[str, pa.Schema]:
        return dict.fromkeys(self._writes, pa.schema([]))

    def run(self, _work: Any) -> Any:
        raise AssertionError


class Chosen(Fixed):
    def __init__(self, name: str, after: str, *writes: str, wanted: bool = True) -> None:
        super().__init__(name, *writes)
        self.after = after
        self._wanted = wanted

    def is_wanted(self, _config: Any) -> bool:
        return self._wanted


def order(*optional: Any) -> Order:
    last = Fixed("last", reads=((LAST, "survivors"), (EVERY, "cuts"), ("first", "texts")))
    return Order(placed((Fixed("first", "texts", "survivors"), Fixed("second", "survivors", "cuts"), last), optional), CONFIG)


def found(of: Order) -> dict[tuple[str, str], tuple[str, ...]]:
    return {one.asked: one.writers for one in of.found(of.step("last"))}


def test_a_step_reads_the_last_survivors_and_every_list_of_cuts_before_it():
    assert found(order()) == {(LAST, "survivors"): ("second",), (EVERY, "cuts"): ("second",), ("first", "texts"): ("first",)}


def test_an_optional_step_stands_behind_the_one_it_follows_and_is_read_by_those_after():
    made = order(Chosen("lines", "second", "survivors", "cuts"), Chosen("more", "second", "cuts"))
    assert made.names == ["first", "second", "lines", "more", "last"]
    assert found(made) == {(LAST, "survivors"): ("lines",), (EVERY, "cuts"): ("second", "lines", "more"), ("first", "texts"): ("first",)}


def test_an_optional_step_that_a_run_does_not_ask_for_is_not_there():
    assert order(Chosen("lines", "second", "survivors", wanted=False)).names == ["first", "second", "last"]


def test_a_step_that_reads_what_nobody_before_it_writes_is_refused_by_name():
    made = Order((Fixed("first", reads=(("second", "texts"),)), Fixed("second", "texts")), CONFIG)
    with pytest.raises(PartError, match=r"the step 'first' reads 'texts' of 'second', which no step before it writes: \[\]"):
        made.found(made.step("first"))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Chosen("lines", "secnod"), "the step 'lines' follows 'secnod', which is no step; did you mean 'second'"),
        (Chosen("first", "second"), "the step 'first' is there twice"),
    ],
)
def test_a_step_behind_nothing_or_under_a_taken_name_is_refused(step: Any, said: str):
    with pytest.raises(PartError, match=said):
        order(step)
