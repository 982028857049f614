"""presidio's engine with the same recognisers and no language model. Our rules of plausibility come after the clock has stopped."""

import tldextract.tldextract
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
)
from protocol import WARM_UP, Arm

# Its list of public suffixes is the package's own: it would look for a newer one on the network.
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class NoLanguage(NlpEngine):
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


url = Pattern("user and password in a URL", r"(?<=://)[^\s/?#@:<>\"'{}]+:[^\s/?#@<>\"'{}]+@[^\s/?#@<>\"'{}]+", 0.9)
recognizers = [
    CreditCardRecognizer(), IbanRecognizer(), IpRecognizer(), PhoneRecognizer(), UsSsnRecognizer(), EmailRecognizer(),
    CryptoRecognizer(), MacAddressRecognizer(),
    PatternRecognizer(supported_entity="URL_CREDENTIALS", patterns=[url]),
]  # fmt: skip
entities = [entity for one in recognizers for entity in one.supported_entities]
registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
engine = AnalyzerEngine(nlp_engine=NoLanguage(), registry=registry, supported_languages=["en"])

arm = Arm("presidio-analyzer")
engine.analyze(WARM_UP, language="en", entities=entities)
with arm.timed():
    found = [engine.analyze(text, language="en", entities=entities, score_threshold=0.4) for text in arm.texts]
arm.finish(spans=[[[r.start, r.end, r.entity_type, r.score] for r in results] for results in found])
