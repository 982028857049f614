"""Texts as token windows, by the rules of lm-evaluation-harness, so that figures can be compared with published ones.

Source: lm_eval 0.4.13, ``TemplateLM._encode_pair`` and ``utils.get_rolling_token_windows``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.base import Scored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Tokens that are read and tokens that are scored after them; together at most one more than the context length."""

    context: tuple[int, ...]
    continuation: tuple[int, ...]


def encode_pair(encode: Callable[[str], Sequence[int]], context: str, continuation: str) -> tuple[list[int], list[int]]:
    """Token ids of a context, and those that an encoding of both has after as many.

    White space at the end of the context belongs to the continuation, because tokens begin with it and do not end with it. Where a token
    crosses the border and nothing would be left to score, the continuation is encoded on its own: no text may be free.
    """
    text = context.rstrip()
    head = list(encode(text)) if text else []
    tail = list(encode(context + continuation))[len(head) :]
    return head, tail or list(encode(context[len(text) :] + continuation))


def windows(context: Sequence[int], continuation: Sequence[int], max_length: int) -> list[Window]:
    """Windows that score every token of the continuation once.

    The context is cut on its left where both do not fit. A continuation longer than ``max_length`` goes on in further windows, of which the
    last reaches back as far as it can. With the end-of-text token as context this is the rolling rule of lm-evaluation-harness.
    """
    if not context:
        raise ValueError("a first token needs something to be conditioned on")
    tokens = [*context, *continuation]
    done, found = len(context), []
    while done < len(tokens):
        end = min(done + max_length, len(tokens))
        found.append(Window(context=tuple(tokens[max(0, end - max_length - 1) : done]), continuation=tuple(tokens[done:end])))
        done = end
    return found


def joined(parts: Sequence[Scored]) -> Scored:
    """The score of a text from the scores of its windows."""
    return Scored(
        logprob_nats=sum(part.logprob_nats for part in parts),
        is_greedy=all(part.is_greedy for part in parts),
        num_tokens=sum(part.num_tokens for part in parts),
    )


def score_windowed(
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]], max_length: int, score: Callable[[Sequence[Window]], Sequence[Scored]]
) -> list[Scored]:
    """Scores of pairs of any length; ``score`` scores windows in their order."""
    cut = [windows(context, continuation, max_length) for context, continuation in pairs]
    scored = iter(score([window for group in cut for window in group]))
    return [joined([next(scored) for _ in group]) for group in cut]
