"""Every signal of the families of Gopher, C4 and FineWeb: words not met before, then all met."""

from ours import batch, batches_of
from protocol import WARM_UP, Arm

from pipelines.rules.preset import judge, load_preset
from pipelines.signals.base import signals
from pipelines.steps.measure import MeasureTexts

PRESETS = {"gopher_quality": "gopher", "gopher_repetition": "gopher", "c4": "c4", "fineweb_quality": "fineweb"}

arm = Arm("assay")
body = MeasureTexts({name: signals[name]() for name in PRESETS})
body(batch([{"doc_id": "0", "text": WARM_UP}]))
batches = batches_of(arm.texts)
with arm.timed("words new"):
    measured = [body(one) for one in batches]
with arm.timed("words met"):
    for one in batches:
        body(one)

kept = {name: [True] * len(arm.texts) for name in PRESETS}
for name, preset in PRESETS.items():
    rules = [rule for rule in load_preset(preset).rules if rule.family == name]
    for tables in measured:
        for doc_id in judge(rules, tables[name].column("doc_id"), tables[name]).column("doc_id").to_pylist():
            kept[name][int(doc_id, 16)] = False
arm.finish(kept=kept)
