"""data-juicer's document_minhash_deduplicator on words between blanks: what shares a band goes, unverified."""

from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator
from datasets import Dataset, disable_progress_bars
from protocol import WARM_UP, Arm

disable_progress_bars()
arm = Arm("py-data-juicer")
deduplicator = DocumentMinhashDeduplicator(tokenization="space", window_size=5, jaccard_threshold=0.8)
deduplicator.compute_hash({"text": WARM_UP})
rows = Dataset.from_dict({"text": arm.texts, "number": list(range(len(arm.texts)))})
with arm.timed():
    kept, _ = deduplicator.process(rows.map(deduplicator.compute_hash))
still = set(kept["number"])
arm.finish(removed=[number for number in range(len(arm.texts)) if number not in still])
