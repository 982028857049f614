"""datatrove's filters in the order of its ``examples/fineweb.py``, a page going on with the text that C4's filter left.

Its LanguageFilter needs a model that no package carries, so its rule is applied to what assay found with lid.176 in the compressed form.
"""

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from protocol import WARM_UP, Arm

MIN_SCORE = 0.65

arm = Arm("datatrove")
filters = [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()]
for one in filters:
    one.filter(Document(text=WARM_UP, id="0"))
pages = pq.read_table(arm.folder / "web_extracted.parquet").to_pylist()
left = {}
with arm.timed():
    for page in pages:
        document = Document(text=page["text"], id=page["doc_id"])
        is_english = page["language"] == "en" and page["language_score"] > MIN_SCORE
        if is_english and all(one.filter(document) is True for one in filters):
            left[page["doc_id"]] = document.text
arm.finish(left=left)
