from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import pytest

from evalsuite.answers import read, record
from evalsuite.base import Scored, metrics
from pipelines.contract.errors import PartError


def made(name, folder):
    return metrics[name](cache_dir=str(folder), seed=0)


def answer(logprobs, sizes):
    return json.dumps({"logprob_nats": logprobs, "num_bytes": sizes})


def test_the_most_likely_choice_counts_and_of_equal_ones_the_first():
    outcome = metrics["accuracy"].outcome
    assert outcome(answer([-3.0, -1.0, -2.0], [1, 1, 1]), "1").score == 1.0
    assert outcome(answer([-3.0, -1.0, -2.0], [1, 1, 1]), "0").score == 0.0
    assert outcome(answer([-1.0, -1.0], [1, 1]), "0").extracted == "0"


def test_per_byte_a_long_choice_may_win():
    text = answer([-10.0, -4.0], [20, 4])
    assert metrics["accuracy"].outcome(text, "0").score == 0.0
    assert metrics["accuracy_norm"].outcome(text, "0").score == 1.0
    assert metrics["accuracy_norm"].outcome(answer([-1.0, -2.0], [0, 1]), "0").score == 1.0


def test_an_answer_that_was_not_extracted_is_wrong_even_if_nothing_was_asked_for():
    outcome = metrics["exact_match"].outcome
    assert [outcome("18", "18").score, outcome("18 ", "18").score, outcome("", "").score] == [1.0, 0.0, 0.0]
    assert outcome("", "18").extracted is None


def test_bits_per_byte_are_all_bits_over_all_bytes(tmp_path):
    # One bit a byte and three bits a byte, with weights 100 and 300.
    answers = [answer([-100 * math.log(2)], [100]), answer([-900 * math.log(2)], [300])]
    found = made("bits_per_byte", tmp_path).compute(predictions=answers, references=["", ""])
    assert found == {"bits_per_byte": pytest.approx(2.5)}
    assert metrics["bits_per_byte"].outcome(answer([0.0], [0]), "").weight == 0.0


@pytest.mark.parametrize("name", ["accuracy", "accuracy_norm"])
def test_the_aggregate_of_evaluate_is_the_mean_of_the_items(name, tmp_path):
    answers = [answer([-1.0, -float(i)], [3, 2 + i]) for i in range(40)]
    mean = sum(metrics[name].outcome(a, "1").score for a in answers) / 40
    assert made(name, tmp_path).compute(predictions=answers, references=["1"] * 40) == {name: mean}
    assert 0 < mean < 1


def test_a_metric_is_named_after_its_file_in_evaluate_too(tmp_path):
    assert metrics.names() == ["accuracy", "accuracy_norm", "bits_per_byte", "exact_match"]
    assert [made(name, tmp_path).name for name in metrics] == metrics.names()


def test_a_recorded_response_keeps_every_bit():
    scored = [Scored(logprob_nats=-0.1 - 1e-16, is_greedy=True, num_tokens=2), Scored(logprob_nats=-1 / 3, is_greedy=False, num_tokens=1)]
    found = read(record(scored, ["é", "ab "]).response)
    assert found.logprob_nats == (scored[0].logprob_nats, scored[1].logprob_nats)
    assert found.num_bytes == (2, 3)


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_likelihood_that_is_no_number_is_no_answer(value):
    with pytest.raises(PartError, match="no finite number"):
        record([Scored(logprob_nats=value, is_greedy=False, num_tokens=1)], ["a"])


def test_a_response_of_another_kind_is_refused():
    with pytest.raises(PartError, match="1 log-likelihoods for 2"):
        record([Scored(logprob_nats=-1.0, is_greedy=False, num_tokens=1)], ["a", "b"])
    with pytest.raises(PartError, match="0 log-likelihoods for 1"):
        record(["text"], ["a"])
    for text in ("so #### 3", "{}", "[]", answer([], []), answer([-1.0], [1, 2]), "3"):
        with pytest.raises(PartError, match="holds"):
            read(text)


@pytest.mark.slow
def test_metrics_need_no_hub_no_home_and_no_setting(tmp_path):
    program = (
        "import sys\n"
        "from evalsuite.base import metrics\n"
        "found = metrics['exact_match'](cache_dir=sys.argv[1], seed=0).compute(predictions=['a', 'b'], references=['a', 'c'])\n"
        "assert found == {'exact_match': 0.5}, found\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))}
    environment = {**kept, "HOME": str(tmp_path / "nowhere"), "HF_HOME": str(tmp_path / "nowhere" / "hf")}
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "nowhere" / "hf").exists()
