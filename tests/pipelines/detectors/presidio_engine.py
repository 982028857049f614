"""Presidio's own engine without a language model, for tests that hold our detector to it."""

from __future__ import annotations

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from pipelines.detectors.base import Span
from pipelines.detectors.plausible import passed_over
from pipelines.detectors.recognizers import RECOGNIZERS


class NoLanguage(NlpEngine):
    """An engine that knows no words: presidio's own patterns are all that is left."""

    def load(self):
        pass

    def is_loaded(self):
        return True

    def process_text(self, text, language):  # noqa: ARG002
        return NlpArtifacts(entities=[], tokens=[], tokens_indices=[], lemmas=[], nlp_engine=self, language=language, scores=[])

    def process_batch(self, texts, language, **_):
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word, language):  # noqa: ARG002
        return False

    def is_punct(self, word, language):  # noqa: ARG002
        return False

    def get_supported_entities(self):
        return []

    def get_supported_languages(self):
        return ["en"]


def engine_for(entities, regions):
    """An engine with presidio's recognisers of entities, all of them for English, which only says when they are asked."""
    recognizers = [RECOGNIZERS[e].make(regions) for e in entities if e != "PHONE_NUMBER" and e in RECOGNIZERS]
    for recognizer in recognizers:
        recognizer.supported_language = "en"
    if "PHONE_NUMBER" in entities:
        recognizers.append(PhoneRecognizer(supported_regions=regions))
    return AnalyzerEngine(
        nlp_engine=NoLanguage(), registry=RecognizerRegistry(recognizers=recognizers, supported_languages=["en"]), supported_languages=["en"]
    )


def by_engine(engine, text, entities):
    """What presidio's own engine finds in the whole text, each with the rule of ours that passes it over."""
    results = engine.analyze(text, language="en", entities=[e for e in entities if e in RECOGNIZERS], score_threshold=0.4)
    found = {(r.start, r.end, r.entity_type, r.score, r.recognition_metadata["recognizer_name"]) for r in results}
    spans = [Span(start=start, end=end, entity=entity, score=score, recognizer=name) for start, end, entity, score, name in sorted(found)]
    return [(span, passed_over(span, text)) for span in spans]


def is_what_presidio_finds(spans, expected):
    """Whether spans are presidio's, kept or passed over, but for numbers that libphonenumber was never asked for; our own stand besides."""
    theirs = [s for s in spans if s.rule is None]
    ours = [s for s in spans if s.rule is not None]
    kept = [s for s, rule in expected if rule is None]
    over = {(s.start, s.end, s.entity, rule) for s, rule in expected if rule is not None}
    told = {(s.start, s.end, s.entity, s.passed_over) for s in theirs if s.passed_over is not None}
    untold = {one for one in over - told if not any(o.entity == one[2] and o.start < one[1] and one[0] < o.end for o in ours)}
    same = sorted((s.start, s.end, s.entity, s.score) for s in theirs if s.passed_over is None) == sorted(
        (s.start, s.end, s.entity, s.score) for s in kept
    )
    return same and told <= over and all(entity == "PHONE_NUMBER" for _, _, entity, _ in untold)
