"""NeMo Curator's heuristic filters, called as its ``ScoreFilter`` calls them: its own definitions."""

from nemo_curator.stages.text.filters.heuristic import (
    BoilerPlateStringFilter,
    BulletsFilter,
    CommonEnglishWordsFilter,
    EllipsisFilter,
    LongWordFilter,
    MeanWordLengthFilter,
    NonAlphaNumericFilter,
    NumbersFilter,
    ParenthesesFilter,
    PunctuationFilter,
    SymbolsToWordsFilter,
    UrlsFilter,
    WhiteSpaceFilter,
    WordCountFilter,
    WordsWithoutAlphabetsFilter,
)
from nemo_curator.stages.text.filters.heuristic.repetition import (
    RepeatedLinesByCharFilter,
    RepeatedLinesFilter,
    RepeatedParagraphsByCharFilter,
    RepeatedParagraphsFilter,
    RepeatingDuplicateNGramsFilter,
    RepeatingTopNGramsFilter,
)
from protocol import WARM_UP, Arm

arm = Arm("nemo-curator")
filters = [
    *(one() for one in (
        BoilerPlateStringFilter, BulletsFilter, CommonEnglishWordsFilter, EllipsisFilter, LongWordFilter, MeanWordLengthFilter, NonAlphaNumericFilter,
        NumbersFilter, ParenthesesFilter, PunctuationFilter, SymbolsToWordsFilter, UrlsFilter, WhiteSpaceFilter, WordCountFilter,
        WordsWithoutAlphabetsFilter, RepeatedLinesByCharFilter, RepeatedLinesFilter, RepeatedParagraphsByCharFilter, RepeatedParagraphsFilter,
    )),
    *(RepeatingTopNGramsFilter(n=n) for n in (2, 3, 4)),
    *(RepeatingDuplicateNGramsFilter(n=n) for n in (5, 6, 7, 8, 9, 10)),
]  # fmt: skip


def keeps(one, text: str) -> bool:
    return bool(one.keep_document(one.score_document(text)))


for one in filters:
    keeps(one, WARM_UP)
with arm.timed():
    num_kept = sum(keeps(one, text) for one in filters for text in arm.texts)
arm.finish(num_kept=num_kept, num_filters=len(filters))
