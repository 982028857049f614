"""Reads a tokenizer that the pipeline learned: the file format of the package ``tokenizers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def read_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer.

    Raises:
        InputError: the file is missing or is no tokenizer.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such tokenizer; run the step `tokenize` first")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - the package raises plain Exception
        raise InputError(f"{path}: not a tokenizer.json ({type(error).__name__}); run the step `tokenize` again") from None
