"""Conditions of rules: comparisons of columns with literals, joined by ``and``, ``or`` and ``not``. Strict: what it does not know is an error.

``language = 'de' and not (kind = 'mail' or num_words < 100)``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TOKENS: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<op><=|>=|!=|=|<|>|\(|\))|(?P<word>\w+))"
)
_OPERATORS: Final = {"=": pc.equal, "!=": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}
_MAX_DEPTH: Final = 20


class Condition(Protocol):
    """Holds for a row or not; a comparison with null is neither, as in SQL."""

    def comparisons(self) -> Iterator[Comparison]:
        """The comparisons it is made of."""
        ...

    def holds(self, column: Callable[[str], pa.Array]) -> pa.Array:
        """Truth values of all rows; ``column`` gives the values of a column by name."""
        ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column beside a literal."""

    column: str
    op: str
    value: str | float

    def comparisons(self) -> Iterator[Comparison]:
        """Itself."""
        yield self

    def holds(self, column: Callable[[str], pa.Array]) -> pa.Array:
        """See ``Condition``. Numbers are compared as 64-bit floats."""
        values = column(self.column)
        same = values if isinstance(self.value, str) else pc.cast(values, pa.float64())
        return _OPERATORS[self.op](same, self.value)

    def __str__(self) -> str:
        """As the grammar writes it."""
        value = f"{self.value:g}" if isinstance(self.value, float) else "'" + self.value.replace("'", "''") + "'"
        return f"{self.column} {self.op} {value}"


@dataclass(frozen=True, slots=True)
class Not:
    """What holds where another does not."""

    inner: Condition

    def comparisons(self) -> Iterator[Comparison]:
        """The other's."""
        yield from self.inner.comparisons()

    def holds(self, column: Callable[[str], pa.Array]) -> pa.Array:
        """See ``Condition``."""
        return pc.invert(self.inner.holds(column))

    def __str__(self) -> str:
        """As the grammar writes it."""
        return f"not {self.inner}" if isinstance(self.inner, Comparison) else f"not ({self.inner})"


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions, of which all or one must hold."""

    by: str  # and, or
    parts: tuple[Condition, ...]

    def comparisons(self) -> Iterator[Comparison]:
        """Those of the parts."""
        for part in self.parts:
            yield from part.comparisons()

    def holds(self, column: Callable[[str], pa.Array]) -> pa.Array:
        """See ``Condition``."""
        join = pc.and_kleene if self.by == "and" else pc.or_kleene
        return reduce(join, (part.holds(column) for part in self.parts))

    def __str__(self) -> str:
        """As the grammar writes it."""
        return f" {self.by} ".join(f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts)


def parse(text: str) -> Condition:
    """The condition that a text says.

    Raises:
        ValueError: it breaks the grammar; the message says where.

    >>> parse("language != 'en'")
    Comparison(column='language', op='!=', value='en')
    """
    return _Parser(text).whole()


def check(condition: Condition, columns: Mapping[str, pa.DataType], where: str) -> None:
    """Sees that every column is there and is compared with what it holds.

    Raises:
        ConfigError: it is not.
    """
    for one in condition.comparisons():
        if one.column not in columns:
            raise ConfigError(f"{where}: no column {one.column!r}; {did_you_mean(one.column, columns)}")
        is_text = pa.types.is_string(columns[one.column])
        if is_text != isinstance(one.value, str):
            wanted = "a text in single quotes" if is_text else "a number"
            raise ConfigError(f"{where}: {one.column!r} is compared with {one.value!r}; expected {wanted}")


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = self.depth = 0

    def whole(self) -> Condition:
        found = self._joined("or")
        if self.at < len(self.tokens):
            raise ValueError(f"where: {self._shown()} came; expected 'and', 'or' or the end")
        return found

    def _joined(self, by: str) -> Condition:
        parts = [self._part(by)]
        while self._took(by):
            parts.append(self._part(by))
        return parts[0] if len(parts) == 1 else Joined(by, tuple(parts))

    def _part(self, by: str) -> Condition:
        return self._joined("and") if by == "or" else self._one()

    def _one(self) -> Condition:
        if self._took("not"):
            return Not(self._nested(self._one))
        if self._took("("):
            found = self._nested(lambda: self._joined("or"))
            if not self._took(")"):
                raise ValueError(f"where: {self._shown()} came; expected ')'")
            return found
        column = self._take("word", "the name of a column")
        op = self._take("op", "one of = != < <= > >=")
        if op not in _OPERATORS:
            raise ValueError(f"where: {op!r} came; expected one of = != < <= > >=")
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "number":
            return Comparison(column, op, float(self._take("number", "a number")))
        return Comparison(column, op, self._take("text", "a number or a text in single quotes")[1:-1].replace("''", "'"))

    def _nested(self, inner: Callable[[], Condition]) -> Condition:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError(f"where: more than {_MAX_DEPTH} conditions within each other")
        found = inner()
        self.depth -= 1
        return found

    def _took(self, token: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at][0] != "text" and self.tokens[self.at][1].lower() == token
        self.at += found
        return found

    def _take(self, kind: str, wanted: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != kind or self.tokens[self.at][1].lower() in {"and", "or", "not"}:
            raise ValueError(f"where: {self._shown()} came; expected {wanted}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _shown(self) -> str:
        return repr(self.tokens[self.at][1]) if self.at < len(self.tokens) else "the end"


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKENS.match(text, at)
        if found is None:
            raise ValueError(f"where: {text[at:].lstrip()[0]!r} came; expected a column, an operator, a number or a text in single quotes")
        yield str(found.lastgroup), found.group(str(found.lastgroup))
        at = found.end()
