"""Near misses of a program: one token changed, still a program. Nothing is ever run."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evalsuite.sampling import rank

if TYPE_CHECKING:
    from collections.abc import Iterator

_SWAPS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "arithmetic": (("+", "-"), ("-", "+"), ("*", "+"), ("/", "//"), ("//", "/"), ("%", "//"), ("**", "*"), ("+=", "-="), ("-=", "+="), ("*=", "+=")),
    "comparison": (("<", "<="), ("<=", "<"), (">", ">="), (">=", ">"), ("==", "!="), ("!=", "=="), ("<", ">"), (">", "<")),
    "logic": (("and", "or"), ("or", "and"), ("True", "False"), ("False", "True"), ("any", "all"), ("all", "any")),
    "builtin": (
        ("min", "max"), ("max", "min"), ("upper", "lower"), ("lower", "upper"), ("append", "extend"), ("floor", "ceil"), ("ceil", "floor"),
        ("isupper", "islower"), ("islower", "isupper"), ("sum", "len"), ("break", "continue"), ("continue", "break"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A changed text and the kind of change."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    start: int
    end: int
    text: str
    is_number: bool


def mutants(head: str, body: str, names: frozenset[str] = frozenset()) -> list[Mutant]:
    """Every text that differs from ``body`` in one token and parses, after ``head``, as another program; none twice.

    Kinds: arithmetic, comparison, logic and builtin (a swap), number (one more, one less), name (another name of the body or of ``names``).
    ``head`` is never changed. A mutant may compute the same, as ``<`` and ``<=`` sometimes do: it is a text that was not written,
    which is all that is claimed. A body that does not parse has none.
    """
    whole = _tree(head + body)
    if whole is None:
        return []
    seen, found = {body}, []
    tokens = _tokens(head, body)
    for kind, token, new in _changes(tokens, names | _names(tokens)):
        text = body[: token.start] + new + body[token.end :]
        tree = None if text in seen else _tree(head + text)
        if tree not in (None, whole):
            found.append(Mutant(kind=kind, text=text))
        seen.add(text)
    return found


def distractors(head: str, body: str, seed: str, number: int) -> list[str]:
    """At most ``number`` mutants, chosen by a hash of ``seed``: first one of each kind, then a second of each, and so on.

    Where a body has too few, mutants of mutants count as one more kind.
    """
    found = mutants(head, body)
    if len(found) < number:
        names = _names(_tokens(head, body)) if found else frozenset()
        twice = {second.text for first in found for second in mutants(head, first.text, names)} - {body, *(first.text for first in found)}
        found += [Mutant(kind="twice", text=text) for text in twice]
    by_kind: dict[str, list[tuple[bytes, str]]] = {}
    for mutant in found:
        by_kind.setdefault(mutant.kind, []).append((rank(seed, mutant.text), mutant.text))
    rounds = [(place, key, text) for group in by_kind.values() for place, (key, text) in enumerate(sorted(group))]
    return [text for _, _, text in sorted(rounds)[:number]]


def _names(tokens: list[_Token]) -> frozenset[str]:
    return frozenset(t.text for t in tokens if t.text.isidentifier() and not keyword.iskeyword(t.text))


def _changes(tokens: list[_Token], names: frozenset[str]) -> Iterator[tuple[str, _Token, str]]:
    for token in tokens:
        for kind, swaps in _SWAPS.items():
            yield from ((kind, token, new) for old, new in swaps if token.text == old)
        if token.is_number:
            yield from (("number", token, new) for new in _neighbours(token.text))
        if token.text in names:
            yield from (("name", token, new) for new in sorted(names) if new != token.text)


def _neighbours(number: str) -> list[str]:
    """One more and one less, as far as they are no negative numbers; none for hexadecimal and other spellings."""
    if number.isdecimal():
        return [str(int(number) + step) for step in (1, -1) if int(number) + step >= 0]
    whole, point, rest = number.partition(".")
    return [f"{value}.{rest}" for value in _neighbours(whole)] if point and whole.isdecimal() and rest.isdecimal() else []


def _tokens(head: str, body: str) -> list[_Token]:
    """Tokens of the body with their places in it; what stands inside an f-string is left alone, as Python 3.11 sees it as one string."""
    source = head + body
    line_starts = [0]
    for line in source.split("\n"):  # as tokenize counts lines; splitlines would cut at form feeds too
        line_starts.append(line_starts[-1] + len(line) + 1)
    found, depth = [], 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        depth += {"FSTRING_START": 1, "FSTRING_END": -1}.get(tokenize.tok_name[token.type], 0)
        start, end = (line_starts[row - 1] + column - len(head) for row, column in (token.start, token.end))
        if depth == 0 and start >= 0 and token.type in (tokenize.OP, tokenize.NAME, tokenize.NUMBER):
            found.append(_Token(start=start, end=end, text=token.string, is_number=token.type == tokenize.NUMBER))
    return found


def _tree(source: str) -> str | None:
    """The program as text without layout; None if it is none."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None
