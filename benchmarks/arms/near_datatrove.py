"""datatrove's four stages of MinHash with its defaults, 14 buckets of 8: what shares a bucket goes, unverified."""

import shutil

from datatrove.data import Document
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.logging import logger
from protocol import WARM_UP, Arm

logger.remove()
arm = Arm("datatrove")
folder = arm.folder / "near_datatrove"
shutil.rmtree(folder, ignore_errors=True)
config = MinhashConfig()
sign = MinhashDedupSignature(output_folder=str(folder / "signatures"), config=config)
sign.get_signature(sign.get_shingles(WARM_UP))
documents = [Document(text=text, id=str(number)) for number, text in enumerate(arm.texts)]
with arm.timed():
    sign.run(iter(documents), rank=0, world_size=1)
    buckets = MinhashDedupBuckets(input_folder=str(folder / "signatures"), output_folder=str(folder / "buckets"), config=config)
    for bucket in range(config.num_buckets):
        buckets.run(rank=bucket, world_size=config.num_buckets)
    MinhashDedupCluster(input_folder=str(folder / "buckets"), output_folder=str(folder / "removed"), config=config).run()
    kept = {int(document.id) for document in MinhashDedupFilter(input_folder=str(folder / "removed")).run(iter(documents), rank=0, world_size=1)}
arm.finish(removed=[number for number in range(len(documents)) if number not in kept])
