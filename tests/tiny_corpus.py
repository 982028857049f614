"""A small corpus that a test makes for itself: seeded prose with a copy, a fault and a finding of each kind planted in it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [
    "river",
    "garden",
    "engine",
    "letter",
    "window",
    "teacher",
    "market",
    "bridge",
    "forest",
    "kitchen",
    "harbour",
    "library",
    "machine",
    "village",
    "station",
    "mountain",
    "carries",
    "follows",
    "repairs",
    "watches",
    "describes",
    "collects",
    "measures",
    "opens",
    "crosses",
    "remembers",
    "builds",
    "explains",
    "quiet",
    "narrow",
    "heavy",
    "bright",
    "early",
    "wooden",
    "distant",
    "careful",
    "ordinary",
    "patient",
    "broken",
    "silver",
    "behind",
    "beside",
    "under",
    "above",
    "around",
    "through",
    "before",
    "after",
    "during",
    "without",
    "until",
    "because",
    "although",
    "while",
    "where",
    "when",
    "never",
    "always",
    "often",
    "sometimes",
    "together",
    "apart",
    "slowly",
    "quickly",
    "morning",
    "evening",
    "winter",
    "summer",
    "autumn",
    "spring",
    "yesterday",
    "tomorrow",
    "paper",
    "stone",
    "water",
    "glass",
    "iron",
    "copper",
    "cotton",
    "bread",
    "salt",
    "sugar",
    "apple",
    "orange",
    "lemon",
    "cherry",
    "island",
    "valley",
    "desert",
    "ocean",
    "street",
    "corner",
    "square",
    "tower",
    "castle",
    "palace",
    "temple",
    "church",
    "school",
    "office",
    "factory",
    "theatre",
    "museum",
    "hospital",
    "farmer",
    "sailor",
    "doctor",
    "painter",
    "writer",
    "singer",
    "dancer",
    "baker",
    "tailor",
    "soldier",
    "captain",
    "king",
    "queen",
    "child",
    "mother",
    "father",
    "brother",
    "sister",
    "uncle",
    "cousin",
    "neighbour",
    "stranger",
    "friend",
    "visitor",
    "story",
    "poem",
    "song",
    "dance",
    "picture",
    "question",
    "answer",
    "reason",
]
LINKS = ["the", "of", "and", "to", "that", "have", "with", "be", "a", "in", "on", "for", "from", "by", "as", "at"]
# Shared by documents on both sides of a split, as licence text is: the runs of 13 words that a cloze item brings are met in the train side.
SHARED = (
    "Permission to walk across the common field is given to every visitor who keeps to the marked path and closes the gate behind them, "
    "provided that this notice stays where it was posted and that nobody is asked to pay for what the village has always shared freely."
)


def sentence(random_: random.Random) -> str:
    words = [random_.choice(LINKS if random_.random() < 0.4 else WORDS) for _ in range(random_.randint(9, 16))]
    return " ".join(words).capitalize() + "."


def prose(random_: random.Random, sentences: int = 12) -> str:
    return "\n".join(sentence(random_) for _ in range(sentences))


def documents(count: int = 90, seed: int = 7) -> list[dict[str, str]]:
    """Rows of a JSON Lines file: id, text, site."""
    random_ = random.Random(seed)
    rows = [{"id": f"plain-{i:03d}", "text": prose(random_), "site": f"site-{i % 17}"} for i in range(count)]
    for i in range(6):
        rows.append({"id": f"copy-{i}", "text": rows[i]["text"], "site": f"mirror-{i}"})
        lines = rows[10 + i]["text"].splitlines()
        rows.append({"id": f"near-{i}", "text": "\n".join([*lines[:-1], lines[-1] + " Amen."]), "site": f"mirror-{i}"})
        rows.append({"id": f"shared-{i}", "text": f"{prose(random_)}\n{SHARED}\n{prose(random_)}", "site": f"site-{i}"})
        rows.append({"id": f"exam-{i}", "text": f"{prose(random_)}\n{EXAM[i]['question']}\n{prose(random_)}", "site": f"site-{i + 6}"})
        rows.append(
            {"id": f"person-{i}", "text": f"{prose(random_)}\nWrite to anna.{i}@example.org or call +44 20 7946 095{i} today.", "site": f"site-{i}"}
        )
    rows.append({"id": "short", "text": "Too short.", "site": "site-1"})
    rows.append({"id": "blank", "text": " \n\t ", "site": "site-1"})
    rows.append({"id": "empty", "text": "", "site": "site-1"})
    rows.append({"id": "mojibake", "text": f"The cafÃ© was open.\n{prose(random_)}", "site": "site-2"})
    return rows


EXAM = [
    {
        "question": f"A baker has {n} trays with {n + 3} warm rolls on each tray and sells {n + 1} rolls to every neighbour who comes before noon, "
        f"so how many rolls are left when {n} neighbours have come?",
        "answer": f"There are {n * (n + 3)} rolls. He sells {n * (n + 1)}. So {2 * n} are left.\n#### {2 * n}",
    }
    for n in range(4, 10)
]


def write_exam(folder: Path) -> Path:
    """Files in the layout of GSM8K."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train", "test"):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in EXAM), encoding="utf-8")
    return folder


def write_run_file(folder: Path, *, engine: str = "local", extra: str = "", rows: list[dict[str, str]] | None = None) -> Path:
    """A corpus and a run file that curates it, below ``folder``; returns the run file."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "corpus.jsonl"
    lines = [json.dumps(row) for row in (documents() if rows is None else rows)] + ["{this is no JSON"]
    corpus.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    exam = write_exam(folder / "gsm8k")
    run_file = folder / "tiny.toml"
    run_file.write_text(
        f"""
name = "tiny"
engine = "{engine}"
warehouse = "{folder / "warehouse"}"
[[sources]]
use = "jsonl"
name = "tiny"
path = "{corpus}"
key = "id"
origin = "site"
[ingest]
max_quarantine_ratio = 0.05
[judge]
presets = ["gopher"]
[split]
heldout_ratio = 0.25
[decontaminate]
action = "cut"
[decontaminate.actions]
cloze = "flag"
[tokenize]
vocab_size = 400
[eval]
tasks = ["bits_per_byte", {{use = "cloze", num_items = 40}}, {{use = "gsm8k", path = "{exam}"}}]
[local]
workers = 1
[spark]
master = "local[2]"
driver_memory = "1g"
{extra}
""",
        encoding="utf-8",
    )
    return run_file
