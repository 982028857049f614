"""data-juicer's filters of text statistics, words shared between them through its context: its own definitions."""

import inspect

from data_juicer.ops.filter.alphanumeric_filter import AlphanumericFilter
from data_juicer.ops.filter.average_line_length_filter import AverageLineLengthFilter
from data_juicer.ops.filter.character_repetition_filter import CharacterRepetitionFilter
from data_juicer.ops.filter.maximum_line_length_filter import MaximumLineLengthFilter
from data_juicer.ops.filter.special_characters_filter import SpecialCharactersFilter
from data_juicer.ops.filter.text_length_filter import TextLengthFilter
from data_juicer.ops.filter.word_repetition_filter import WordRepetitionFilter
from data_juicer.ops.filter.words_num_filter import WordsNumFilter
from data_juicer.utils.constant import Fields
from protocol import WARM_UP, Arm

BATCH = 1000

arm = Arm("py-data-juicer")
ops = [
    AlphanumericFilter(), AverageLineLengthFilter(), CharacterRepetitionFilter(), MaximumLineLengthFilter(), SpecialCharactersFilter(),
    TextLengthFilter(), WordRepetitionFilter(), WordsNumFilter(),
]  # fmt: skip


def passed(texts: list[str]) -> int:
    samples = {"text": texts, Fields.stats: [{} for _ in texts], Fields.context: [{} for _ in texts]}
    for op in ops:
        shares = {"context": True} if "context" in inspect.signature(op.compute_stats_batched).parameters else {}
        samples = op.compute_stats_batched(samples, **shares)
    return sum(sum(map(bool, op.process_batched(samples))) for op in ops)


passed([WARM_UP])
with arm.timed():
    num_passed = sum(passed(arm.texts[i : i + BATCH]) for i in range(0, len(arm.texts), BATCH))
arm.finish(num_passed=num_passed)
