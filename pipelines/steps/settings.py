"""What a run file says about curation: one frozen dataclass a section. Each step reads its own section and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from pipelines.contamination.parts import ROLES
from pipelines.contract.config import encode, part
from pipelines.contract.errors import ConfigError, PartError
from pipelines.contract.registry import OWN, part_id
from pipelines.detectors.replacement import Policy

if TYPE_CHECKING:
    from pipelines.contract.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """How the input is read, and how much of it may be unusable: the table ``[ingest]``."""

    max_quarantine_ratio: float = 0.01  # the run fails when a larger share of the records had to be set aside
    split_bytes: int = 64 << 20  # files over this that can be entered in the middle are read in ranges by several workers; the result is the same

    def __post_init__(self) -> None:
        """Rejects ranges of no bytes."""
        if self.split_bytes < 1:
            raise ValueError(f"split_bytes {self.split_bytes} must be 1 or more")


# Known by identity, so that a run file with [[stages]] which says the same as the default is refused like any other.
CLEANERS: Final[tuple[Any, ...]] = ("ftfy",)
_MOST_WORDS: Final = 1000  # of a shingle or an n-gram
_MOST_PERMUTATIONS: Final = 4096
PRESETS: Final[tuple[str, ...]] = ("canaries", "gopher", "c4", "fineweb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Cleaners in the order in which they work: the table ``[clean]``."""

    cleaners: tuple[Any, ...] = CLEANERS  # cleaners in the order in which they work; an empty list leaves texts as they were read


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Signal families to measure: the table ``[measure]``."""

    # what is measured of every document, each family into a table of its own
    families: tuple[Any, ...] = ("canaries", "gopher_quality", "gopher_repetition", "language", "c4", "fineweb_quality")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Rules: the table ``[judge]``. Presets are names of ``pipelines/rules/*.toml`` or paths of files like them; an empty list judges nothing."""

    presets: tuple[str, ...] = PRESETS  # names of presets, or paths of files like them


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A corpus that assay published."""

    warehouse: Path  # the warehouse that holds it
    version: int | None = None  # a version of it; without it, the newest when the run begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """Corpora whose documents are not taken a second time: the table ``[exclude]``."""

    corpora: tuple[Corpus, ...] = ()  # documents with the clean text of one that is kept there are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One of several rounds of cleaning and judging, each on the text that the one before left: a table of ``[[stages]]``.

    With stages, ``[clean] cleaners`` and ``[judge] presets`` are not given. The text after the last stage is what later steps read.
    """

    cleaners: tuple[Any, ...]  # cleaners in the order in which they work; only the first stage may have none
    presets: tuple[str, ...] = ()  # names of presets, or paths of files like them, by which this text is judged
    families: tuple[Any, ...] = ()  # signal families that this stage measures otherwise than [measure] says
    name: str | None = None  # stands in the names of its tables and rules; stage_1, stage_2, ... by default

    def __post_init__(self) -> None:
        """Rejects a name that cannot be part of a table's."""
        if self.name is not None and not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.name):
            raise ValueError(f"name {self.name!r} must be at most 40 lower-case letters, digits and underscores, a letter first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedup:
    """What counts as a copy: the table ``[dedup]``."""

    near: bool = True  # false: exact copies only
    threshold: float = 0.8  # exact Jaccard at or above which a copy goes
    recall: float = 0.998  # share of pairs at the threshold that the bands must nominate
    max_permutations: int = 256  # permutations of a signature at most
    shingle_words: int = 5  # words of a shingle; a shorter text is one shingle
    seed: int = 1  # draws the permutations

    def __post_init__(self) -> None:
        """Rejects shares outside (0, 1]."""
        if not (0 < self.threshold <= 1 and 0 < self.recall < 1):
            raise ValueError(f"threshold {self.threshold} must be in (0, 1] and recall {self.recall} in (0, 1)")
        if not (1 <= self.shingle_words <= _MOST_WORDS and 1 <= self.max_permutations <= _MOST_PERMUTATIONS and 0 <= self.seed < 1 << 32):
            raise ValueError(f"shingle_words must be 1 to {_MOST_WORDS}, max_permutations 1 to {_MOST_PERMUTATIONS}, seed 0 to {(1 << 32) - 1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How much is held out: the table ``[split]``."""

    heldout_ratio: float = 0.05  # share of the origins that is held out
    seed: int = 1  # draws the origins that are held out

    def __post_init__(self) -> None:
        """Rejects shares outside [0, 1)."""
        if not 0 <= self.heldout_ratio < 1:
            raise ValueError(f"heldout_ratio {self.heldout_ratio} must be in [0, 1)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedLines:
    """Lines that are cut because too many documents share them: the table ``[repeated_lines]``. Without the table no line is."""

    max_documents: int  # a line that stands in more documents than this is cut out of all of them
    min_characters: int = 1  # shorter lines stay, however many documents have them

    def __post_init__(self) -> None:
        """Rejects counts that would cut every line."""
        if self.max_documents < 1 or self.min_characters < 1:
            raise ValueError("max_documents and min_characters must be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decontaminate:
    """What is done about benchmark items in the train side: the table ``[decontaminate]``."""

    definition: Any = OWN  # whose definition of contamination counts: assay, gpt3, datatrove, dolma, nemo or decon
    ngram_words: int = 13  # words of the n-grams by which a benchmark's parts are looked for
    min_words: int = 8  # parts of this many words up to ngram_words - 1 are looked for whole
    parts: tuple[str, ...] = ROLES  # parts that are looked for, by name (question, answer, joined, ...) or role (input, label, both)
    action: Literal["drop", "cut", "flag"] = "drop"  # to text of a benchmark: the document goes, the text is cut, or both stay and it is shown
    actions: dict[str, Literal["drop", "cut", "flag"]] = field(default_factory=dict)  # by benchmark, where it differs
    inexact: bool = True  # whether text is looked for too in which one word in thirteen was changed, left out or added
    inexact_action: Literal["drop", "cut", "flag"] = "flag"  # what is done at most about text in which words were changed, left out or added
    min_coverage: float = 0.0  # share of a part's words that a document must hold, in all places together, before anything is done
    max_documents: int | None = None  # n-grams of items that stand in more documents are no evidence; without a number, all are
    window_characters: int = 200  # what goes with a run of benchmark text on either side
    min_piece_characters: int = 200  # pieces that cuts leave over go too where they are shorter
    max_cuts: int = 10  # a document with more goes whole

    def __post_init__(self) -> None:
        """Rejects n-grams of no words, and cuts of less than nothing."""
        for name in ("window_characters", "min_piece_characters", "max_cuts"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)} must be 0 or more")
        if not 0 <= self.min_coverage <= 1 or (self.max_documents is not None and self.max_documents < 1):
            raise ValueError(f"min_coverage {self.min_coverage} must be in [0, 1] and max_documents {self.max_documents} 1 or more")
        if not self.parts:
            raise ValueError("parts names none; leave it out to look for all, or leave the tasks out of [eval] to look for nothing")
        if not 1 <= self.min_words <= self.ngram_words <= _MOST_WORDS:
            raise ValueError(f"min_words {self.min_words} must be from 1 to ngram_words ({self.ngram_words}), and that at most {_MOST_WORDS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """What personal data is looked for and what stands in its place: the table ``[scrub]``."""

    detectors: tuple[Any, ...] = ("presidio", "secrets")  # what looks for personal data; an empty list leaves everything where it is
    # what is done about what is found: asterisks, the kind's name, with it letters that are the same for the same value, a made-up value, a coarser
    # one; or the document is dropped, or the text stays and a row says so
    style: Policy = "placeholder"
    policies: dict[str, Policy] = field(default_factory=dict)  # by kind, as EMAIL_ADDRESS, where it differs
    key_file: Path | None = None  # pseudonyms and surrogates need a key of 16 bytes or more, or a ring of keys; only its owner may read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenize:
    """The tokenizer and what it learns from: the table ``[tokenize]``."""

    vocab_size: int = 4096  # tokens of the tokenizer at most, the 256 bytes and the end of text among them
    sample_bytes: int = 64 << 20  # the tokenizer learns from this much of the train side

    def __post_init__(self) -> None:
        """Rejects vocabularies that cannot hold every byte, or that no token id can count."""
        if not 257 <= self.vocab_size <= 1 << 24:  # noqa: PLR2004 - 256 bytes and the end of text
            raise ValueError(f"vocab_size {self.vocab_size} must be 257 (every byte and the end of text) to {1 << 24}")
        if self.sample_bytes < 1:
            raise ValueError(f"sample_bytes {self.sample_bytes} must be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """What the dataset card says at its head: the table ``[publish]``."""

    title: str = ""  # heading of the dataset card; without one, the run's name
    min_group: int = 5  # groups of fewer documents have no figures on the card, nor what could be reckoned from the others; 0 tells all

    def __post_init__(self) -> None:
        """Rejects groups of less than nothing."""
        if self.min_group < 0:
            raise ValueError(f"min_group {self.min_group} must be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """Everything that decides the corpus."""

    name: str
    sources: tuple[dict[str, Any], ...]
    ingest: Ingest = field(default_factory=Ingest)
    clean: Clean = field(default_factory=Clean)
    measure: Measure = field(default_factory=Measure)
    judge: Judge = field(default_factory=Judge)
    exclude: Exclude = field(default_factory=Exclude)
    stages: tuple[Stage, ...] = ()
    dedup: Dedup = field(default_factory=Dedup)
    split: Split = field(default_factory=Split)
    repeated_lines: RepeatedLines | None = None  # lines that too many documents share, cut out of all of them; without the table none is
    decontaminate: Decontaminate = field(default_factory=Decontaminate)
    scrub: Scrub = field(default_factory=Scrub)
    tokenize: Tokenize = field(default_factory=Tokenize)
    publish: Publish = field(default_factory=Publish)


def parts(registry: Registry[T], chosen: tuple[object, ...], where: str) -> dict[str, T]:
    """Several parts by name, in order.

    Raises:
        ConfigError: as ``part``, or a name comes twice.
    """
    found: dict[str, T] = {}
    for number, one in enumerate(chosen):
        name, made = part(registry, one, f"{where}[{number}]")
        if name in found:
            raise ConfigError(f"{where}[{number}]: {name!r} is there twice")
        found[name] = made
    return found


def versions(chosen: dict[str, T]) -> dict[str, int]:
    """Versions of parts, under names that say what they are and, where they are not assay's own, whose."""
    return {_label(made): made.version for made in chosen.values()}  # type: ignore[attr-defined]


def described(chosen: dict[str, T]) -> dict[str, Any]:
    """Parameters of parts as JSON, with the hashes of their files, for a step's key."""
    return {name: encode(made) for name, made in chosen.items()}


def _label(made: object) -> str:
    known = part_id(made)
    if known is None:
        raise PartError(f"{type(made).__name__}: no registered part")
    return known.label
