"""The log of who looked at raw text: ``WAREHOUSE/raw_access.log``."""

from __future__ import annotations

import getpass
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.contract.errors import WarehouseError

if TYPE_CHECKING:
    from pipelines.contract.warehouse import Warehouse


def log_raw_access(warehouse: Warehouse, purpose: str) -> None:
    """Leaves a line: when, who, and the hash of what was asked; never the question itself, which may quote text.

    Raises:
        WarehouseError: the line cannot be written, so raw text is not shown.
    """
    if not warehouse.root.is_dir():
        return
    line = f"{datetime.now(UTC).isoformat(timespec='seconds')}\t{_user()}\t{hashlib.sha256(purpose.encode()).hexdigest()}\n"
    try:
        with (warehouse.root / "raw_access.log").open("a", encoding="utf-8") as log:
            log.write(line)
    except OSError as error:
        raise WarehouseError(f"{warehouse.root}/raw_access.log: {error.strerror}; raw text is shown only where its use can be logged") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
