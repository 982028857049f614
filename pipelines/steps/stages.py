"""Stages: rounds of cleaning, measuring and judging. A run without ``[[stages]]`` is one stage: ``[clean]``, ``[measure]``, ``[judge]``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pipelines.cleaners.base import Cleaner, cleaners
from pipelines.contract.config import part
from pipelines.contract.errors import ConfigError
from pipelines.rules.preset import Preset, Rule, load_preset
from pipelines.signals.base import SignalFamily, signals
from pipelines.steps.settings import CLEANERS, PRESETS, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from pipelines.steps.settings import Curation

BLANK: Final = Rule(preset="clean", family="nonblank", signal="nonblank_characters", op="min", bound=1.0, reason="blank_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A stage with its parts made. ``tag`` is empty for the last, whose tables and rules have the names that a run without stages gives them."""

    tag: str
    cleaners: dict[str, Cleaner]
    presets: tuple[Preset, ...]
    where: str  # where the run file names the presets
    rules: tuple[Rule, ...]
    families: dict[str, SignalFamily]

    @property
    def texts(self) -> str:
        """Name of the table of its texts, in the step ``clean``."""
        return self.named("texts")

    def signals(self, family: str) -> str:
        """Name of the table of a family's signals of these texts, in the step ``measure``."""
        return self.named(f"signals_{family}")

    def named(self, table: str) -> str:
        """A table's name with the stage's."""
        return f"{table}_{self.tag}" if self.tag else table


def rounds(config: Curation) -> tuple[Round, ...]:
    """The run's stages in order.

    Raises:
        ConfigError: a part or preset does not exist, or the stages contradict themselves.
    """
    if not config.stages:
        presets = _presets(config.judge.presets, "judge.presets")
        families = parts(signals, config.measure.families, "measure.families")
        rules = tuple(rule for preset in presets for rule in preset.rules)
        made = parts(cleaners, config.clean.cleaners, "clean.cleaners")
        return (Round(tag="", cleaners=made, presets=presets, where="judge.presets", rules=rules, families=families),)
    stages = tuple(_round(config, number, tag) for number, tag in enumerate(_tags(config)))
    for table, count in Counter(stage.signals(name) for stage in stages for name in stage.families).items():
        if count > 1:
            raise ConfigError(f"stages: two families would write the table {table!r}; give the stage another name")
    return stages


def presets_of(config: Curation) -> tuple[str, ...]:
    """The presets that judge, in the order in which they do."""
    return tuple(name for stage in config.stages for name in stage.presets) if config.stages else config.judge.presets


def _round(config: Curation, number: int, tag: str) -> Round:
    stage, where = config.stages[number], f"stages[{number}]"
    presets = _presets(stage.presets, f"{where}.presets")
    rules = (*((BLANK,) if number else ()), *(rule for preset in presets for rule in preset.rules))
    own = parts(signals, stage.families, f"{where}.families")
    measured = parts(signals, config.measure.families, "measure.families")
    if tag:  # of an earlier stage's text only what it is judged by is measured
        wanted = sorted({rule.family for rule in rules} | own.keys())
        families = {name: own.get(name) or measured.get(name) or _family(name, f"{where}.presets") for name in wanted}
    else:
        families = {**measured, **own, **({BLANK.family: _family(BLANK.family, where)} if number else {})}
    made = parts(cleaners, stage.cleaners, f"{where}.cleaners")
    placed = tuple(replace(rule, stage=tag) for rule in rules)
    return Round(tag=tag, cleaners=made, presets=presets, where=f"{where}.presets", rules=placed, families=families)


def _tags(config: Curation) -> list[str]:
    """Names of the stages, with the last one's left out."""
    for key, chosen, default in (("[clean] cleaners", config.clean.cleaners, CLEANERS), ("[judge] presets", config.judge.presets, PRESETS)):
        if chosen is not default:
            raise ConfigError(f"stages: {key} and [[stages]] are both there; put {key.split()[1]} into the stages")
    names = [stage.name or f"stage_{number}" for number, stage in enumerate(config.stages, 1)]
    for number, stage in enumerate(config.stages):
        if number and not stage.cleaners:
            raise ConfigError(f"stages[{number}].cleaners: without one it judges the same text as the stage before; put its presets there")
        if names[number] in names[:number]:
            raise ConfigError(f"stages[{number}].name: {names[number]!r} is there twice")
    return [*names[:-1], ""]


def _presets(names: tuple[str, ...], where: str) -> tuple[Preset, ...]:
    return tuple(load_preset(name, where) for name in names)


def _family(name: str, where: str) -> SignalFamily:
    return part(signals, name, where)[1]


def check_rules(stages: tuple[Round, ...], brought: Mapping[str, pa.Schema]) -> None:
    """Checks every rule against what is measured; ``brought`` has the signals of the last text that other steps write, by family.

    Raises:
        ConfigError: a rule asks for a signal that is not there, or a condition for a column.
    """
    for stage in stages:
        families = {name: family.columns for name, family in stage.families.items()} | ({} if stage.tag else dict(brought))
        for rule in stage.rules:
            if rule.family not in families:
                raise ConfigError(f"{stage.where}: a rule needs the signal family {rule.family!r}; add it to [measure] families, or to its stage's")
            rule.check({column.name: column.type for column in families[rule.family]}, stage.where)
