"""What other projects' definitions find of the planted items, each asked through its own package in an environment of its own.

The script of a peer gets items and texts, and says for each text whether it has an n-gram of the item planted in it; of any item, where none is.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from campaign.runs import CampaignFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from campaign.planted import Plant

PEERS: Final = ("janitor", "datatrove")


def peer_findings(environments: Path, items: pa.Table, held: Sequence[tuple[Plant | None, str]]) -> dict[str, Any]:
    """By peer: planted items found, by class, and documents without a plant in which it finds any item.

    Raises:
        CampaignFailed: a peer's script failed.
    """
    asked = {"items": items.column("text").to_pylist(), "texts": [{"text": text, "item": plant and plant.item} for plant, text in held]}
    found = {}
    for peer in PEERS:
        told = _ask(environments / peer / "bin" / "python", Path(__file__).with_name(f"planted_{peer}.py"), asked)
        classes = Counter(plant.kind for (plant, _), is_found in zip(held, told, strict=True) if plant is not None and is_found)
        others = [is_found for (plant, _), is_found in zip(held, told, strict=True) if plant is None]
        found[peer] = {"classes": dict(sorted(classes.items())), "documents": len(others), "elsewhere": sum(others)}
    return found


def _ask(python: Path, script: Path, asked: dict[str, Any]) -> list[bool]:
    done = subprocess.run([str(python), str(script)], input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CampaignFailed(f"{script.name}: {(done.stderr.strip().splitlines() or ['ended without a word'])[-1][:200]}")
    told: list[bool] = json.loads(done.stdout.splitlines()[-1])
    return told
