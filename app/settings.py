"""A run file: the one place that knows every section. Nothing below this floor reads TOML."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from app.warehouse_place import warehouse_path
from evalsuite.base import Model, models
from modelcore.config import TrainConfig
from pipelines.contract.config import decode, load_toml
from pipelines.engine.options import LocalOptions, SparkOptions
from pipelines.steps.settings import (
    Clean,
    Curation,
    Decontaminate,
    Dedup,
    Exclude,
    Ingest,
    Judge,
    Measure,
    Publish,
    RepeatedLines,
    Scrub,
    Split,
    Stage,
    Tokenize,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """Tasks, each by name or as a table with ``use`` and the task's own fields: the table ``[eval]``. Their items are registered benchmarks too."""

    tasks: tuple[Any, ...] = ("bits_per_byte", "cloze", "humaneval")  # what a model is asked; the items are looked for in the corpus too
    model: Annotated[Model, models] | None = None  # a model backend, as { use = "huggingface", path = "..." }; the trained model if it is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class PerplexityConfig:
    """A model whose surprise at each text becomes signals that rules may judge by: the table ``[perplexity]``."""

    model: Annotated[Model, models] | None = None  # a model backend, as { use = "checkpoint", path = "..." }; without one nothing is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """Everything a run file may say. Paths in it are relative to where the command is typed."""

    name: str  # of the run, as messages and the history show it
    sources: tuple[dict[str, Any], ...]  # one or more tables, each with `use`, a `name` of its own, and the source's own keys
    warehouse: Path | None = None  # folder of all tables; ASSAY_WAREHOUSE goes before it, `./warehouse` is taken without either
    engine: Literal["local", "spark"] = "local"  # one machine without a JVM, or Apache Spark; the result is the same
    ingest: Ingest = field(default_factory=Ingest)
    clean: Clean = field(default_factory=Clean)
    measure: Measure = field(default_factory=Measure)
    perplexity: PerplexityConfig = field(default_factory=PerplexityConfig)
    judge: Judge = field(default_factory=Judge)
    exclude: Exclude = field(default_factory=Exclude)
    stages: tuple[Stage, ...] = ()  # rounds of cleaning and judging, each on the text that the one before left
    dedup: Dedup = field(default_factory=Dedup)
    split: Split = field(default_factory=Split)
    repeated_lines: RepeatedLines | None = None  # lines that too many documents share, cut out of all of them; without the table none is
    decontaminate: Decontaminate = field(default_factory=Decontaminate)
    scrub: Scrub = field(default_factory=Scrub)
    tokenize: Tokenize = field(default_factory=Tokenize)
    publish: Publish = field(default_factory=Publish)
    train: TrainConfig = field(default_factory=TrainConfig)
    eval: EvalConfig = field(default_factory=EvalConfig)
    local: LocalOptions = field(default_factory=LocalOptions)
    spark: SparkOptions = field(default_factory=SparkOptions)

    @property
    def curation(self) -> Curation:
        """The sections that decide the corpus."""
        return Curation(**{f.name: getattr(self, f.name) for f in fields(Curation)})

    def warehouse_path(self) -> Path:
        """Where this run writes: ASSAY_WAREHOUSE, else the run file's, else ./warehouse."""
        return warehouse_path(self.warehouse)


def load(path: Path) -> RunFile:
    """A run file, decoded strictly.

    Raises:
        ConfigError: see ``decode``; the message starts with the file's name.
    """
    return decode(RunFile, load_toml(path), str(path))
