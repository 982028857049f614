from __future__ import annotations

import json
import shutil

import pytest
import torch
from tiny_llama import TEXTS, write_tiny_llama
from tokenizers import Tokenizer, processors
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalsuite.base import GenerateRequest, LoglikelihoodRequest, RollingRequest, Scored, TaskContext, models, tasks
from evalsuite.models.huggingface import before
from evalsuite.scoring import evaluate
from pipelines.contract.config import decode
from pipelines.contract.errors import ConfigError, InputError

NAMES = ("huggingface", "checkpoint")
PAIRS = [
    ("The mill stands", " where the brook bends"),
    ("", "The mill"),
    ("def add(", "first, second):"),
    ("Ünder the bridge ", "they ask"),
    ("x" * 80, " the war."),
]


@pytest.fixture(scope="module", params=NAMES)
def backend(request, tiny_llama):
    return models[request.param](path=tiny_llama, device="cpu")


@pytest.fixture(scope="module")
def theirs(tiny_llama):
    return AutoModelForCausalLM.from_pretrained(tiny_llama, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(tiny_llama)


def asked(pairs=PAIRS):
    return [LoglikelihoodRequest(context=context, continuation=continuation) for context, continuation in pairs]


def loss_nats(theirs, ids, num_scored):
    """Summed loss of the last tokens by transformers' own loss."""
    model, _ = theirs
    tokens = torch.tensor([ids])
    labels = tokens.clone()
    labels[0, : len(ids) - num_scored] = -100
    with torch.inference_mode():
        return float(model(input_ids=tokens, labels=labels).loss) * num_scored


def ids_of(theirs, text):
    return theirs[1](text, add_special_tokens=False).input_ids


def test_a_log_likelihood_is_transformers_own_loss(backend, theirs):
    for (context, continuation), found in zip(PAIRS[:4], backend.loglikelihood(asked()), strict=False):
        head = ids_of(theirs, context.rstrip()) if context else []
        whole = ids_of(theirs, context + continuation)
        assert whole[: len(head)] == head
        ids = whole if head else [0, *whole]
        num_scored = len(whole) - len(head)
        assert found.num_tokens == num_scored
        assert found.logprob_nats == pytest.approx(-loss_nats(theirs, ids, num_scored), abs=1e-4)


def test_a_context_that_does_not_fit_is_cut_on_its_left(backend, theirs):
    found = backend.loglikelihood(asked([("The mill stands where " * 20, "the brook")]))[0]
    ids = ids_of(theirs, "The mill stands where " * 20 + "the brook")[-33:]
    with torch.inference_mode():
        logits = theirs[0](input_ids=torch.tensor([ids[:-1]])).logits[0].double().log_softmax(-1)
    expected = sum(float(logits[i - 1, ids[i]]) for i in range(33 - found.num_tokens, 33))
    assert found.logprob_nats == pytest.approx(expected, abs=1e-4)


def test_both_backends_say_the_same_of_the_same_folder(tiny_llama):
    one, other = (models[name](path=tiny_llama, device="cpu") for name in NAMES)
    long = [RollingRequest(text=text) for text in [*TEXTS, TEXTS[2] * 5, "", "a"]]
    for a, b in zip(
        one.loglikelihood(asked()) + one.loglikelihood_rolling(long), other.loglikelihood(asked()) + other.loglikelihood_rolling(long), strict=True
    ):
        assert a.logprob_nats == pytest.approx(b.logprob_nats, abs=1e-3)
        assert (a.num_tokens, a.is_greedy) == (b.num_tokens, b.is_greedy)


@pytest.mark.parametrize("name", NAMES)
def test_the_size_of_a_batch_does_not_move_a_score(name, tiny_llama):
    alone = models[name](path=tiny_llama, device="cpu", batch_tokens=1)
    together = models[name](path=tiny_llama, device="cpu", batch_tokens=100_000)
    for a, b in zip(alone.loglikelihood(asked()), together.loglikelihood(asked()), strict=True):
        assert a.logprob_nats == pytest.approx(b.logprob_nats, abs=1e-4)


def test_the_order_of_requests_changes_no_bit(backend):
    assert backend.loglikelihood(asked(PAIRS[::-1])) == backend.loglikelihood(asked())[::-1]


def test_a_text_longer_than_the_context_is_scored_to_its_last_token(backend, theirs):
    text = TEXTS[0] * 6
    ids = ids_of(theirs, text)
    assert len(ids) > 2 * 32
    expected = 0.0
    for start in range(0, len(ids), 32):
        end = min(start + 32, len(ids))
        expected -= loss_nats(theirs, [0, *ids][: end + 1][-33:], end - start)
    found = backend.loglikelihood_rolling([RollingRequest(text=text)])[0]
    assert found.num_tokens == len(ids)
    assert found.logprob_nats == pytest.approx(expected, abs=1e-3)


def test_a_short_text_is_conditioned_on_the_end_of_the_one_before(backend, theirs):
    ids = ids_of(theirs, TEXTS[0])[:20]
    text = theirs[1].decode(ids)
    found = backend.loglikelihood_rolling([RollingRequest(text=text)])[0]
    assert found.logprob_nats == pytest.approx(-loss_nats(theirs, [0, *ids], len(ids)), abs=1e-4)


def test_nothing_to_score_is_certain(backend):
    certain = Scored(logprob_nats=0, is_greedy=True, num_tokens=0)
    assert backend.loglikelihood(asked([("a", "")])) == backend.loglikelihood_rolling([RollingRequest(text="")]) == [certain]
    assert backend.loglikelihood([]) == backend.loglikelihood_rolling([]) == backend.generate([]) == []


def test_a_greedy_continuation_is_the_most_likely_token_again_and_again(backend, theirs):
    model, tokenizer = theirs
    ids = ids_of(theirs, "The mill")
    start = len(ids)
    with torch.inference_mode():
        while len(ids) < start + 8 and ids[-1] != 0:
            ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    expected = tokenizer.decode(ids[start:], skip_special_tokens=True)
    assert backend.generate([GenerateRequest(prompt="The mill", stop=(), max_new_tokens=8)]) == [expected]


def test_a_continuation_ends_before_its_stop_string(backend):
    (whole,) = backend.generate([GenerateRequest(prompt="The mill", stop=(), max_new_tokens=12)])
    stop = whole[len(whole) // 2]
    assert backend.generate([GenerateRequest(prompt="The mill", stop=("never there", stop), max_new_tokens=12)]) == [whole.partition(stop)[0]]


def test_the_first_of_several_stop_strings_ends_the_text():
    assert before("one two three", ("three", "two")) == "one "
    assert before("one two", ()) == "one two"


def test_a_model_is_what_its_files_say_wherever_they_stand(tiny_llama, tmp_path):
    for name in NAMES:
        copy = shutil.copytree(tiny_llama, tmp_path / name)
        first = models[name](path=tiny_llama, device="cpu").identity
        assert models[name](path=copy, device="cpu").identity == first
        config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
        (copy / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}), encoding="utf-8")
        assert models[name](path=copy, device="cpu").identity != first


def test_a_model_is_named_by_its_title_or_its_folder(tiny_llama):
    assert [models[name](path=tiny_llama).name for name in NAMES] == ["tiny", "tiny"]
    assert decode(models["huggingface"], {"path": str(tiny_llama), "title": "baseline"}, "run.toml").name == "baseline"


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_without_a_model_is_one_line(name, tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        model = models[name](path=folder, device="cpu")
        for ask in (lambda model=model: model.identity, lambda model=model: model.loglikelihood(asked())):
            with pytest.raises(InputError) as caught:
                ask()
            assert str(folder) in str(caught.value)
            assert "\n" not in str(caught.value)


def test_weights_that_are_a_pickle_are_refused(tiny_llama, theirs, tmp_path):
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_llama, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(theirs[0].state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="weights as safetensors"):
        models["huggingface"](path=folder, device="cpu").loglikelihood(asked())


def test_nobody_is_asked_whether_code_of_the_folder_may_run_and_it_does_not(tiny_llama, tmp_path, monkeypatch):
    folder, ran = tmp_path / "coded", tmp_path / "ran"
    shutil.copytree(tiny_llama, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    coded = {**config, "model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine", "AutoModelForCausalLM": "mine.Mine"}}
    (folder / "config.json").write_text(json.dumps(coded), encoding="utf-8")
    (folder / "mine.py").write_text(f"open({str(ran)!r}, 'w').close()\nfrom transformers import LlamaConfig as Mine\n", encoding="utf-8")
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    with pytest.raises(InputError, match="no code of its own"):
        models["huggingface"](path=folder, device="cpu").loglikelihood(asked())
    assert not ran.exists()


def test_a_prompt_needs_room_in_the_context(tiny_llama):
    request = GenerateRequest(prompt="a", stop=(), max_new_tokens=32)
    with pytest.raises(ConfigError, match="leaves no room"):
        models["huggingface"](path=tiny_llama, device="cpu").generate([request])
    with pytest.raises(InputError):
        models["checkpoint"](path=tiny_llama, device="cpu").generate([request])


def test_a_token_that_begins_every_text_is_there_once(tmp_path):
    folder = write_tiny_llama(tmp_path / "begins", bos_token="<begin>")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<begin> $A", special_tokens=[("<begin>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(folder)
    assert theirs[1]("The mill").input_ids[0] == 1
    model = models["huggingface"](path=folder, device="cpu")
    ids = ids_of(theirs, "The mill")
    rolled = model.loglikelihood_rolling([RollingRequest(text="The mill")])[0]
    assert rolled.logprob_nats == pytest.approx(-loss_nats(theirs, [1, *ids], len(ids)), abs=1e-4)
    found = model.loglikelihood(asked([("The mill", " stands")]))[0]
    assert found.logprob_nats == pytest.approx(-loss_nats(theirs, [1, *ids_of(theirs, "The mill stands")], found.num_tokens), abs=1e-4)


def test_a_real_model_is_scored_from_items_to_intervals(backend, heldout):
    chosen = {
        "cloze": tasks["cloze"](num_items=6),
        "bits_per_byte": tasks["bits_per_byte"](max_source_bytes=400, max_document_bytes=150),
        "humaneval": tasks["humaneval"](max_items=3),
    }
    found = evaluate(backend, chosen, status=lambda *_: "clean", context=TaskContext(heldout=heldout))
    values = {(s["task"], s["metric"], s["subset"]): s for s in found.scores.to_pylist()}
    assert values["humaneval", "accuracy", "all"]["num_items"] == 3
    assert values["cloze", "accuracy", "clean"]["num_items"] == 6
    # Random weights need more than the eight bits that a byte has, and not absurdly many.
    assert 2 < values["bits_per_byte", "bits_per_byte", "all"]["value"] < 80
