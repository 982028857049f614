"""Every error that assay raises on purpose.

AssayError
├── ConfigError          the run file or the command line asks for something that does not exist
├── InputError           a file, folder or table that was named cannot be used
│   ├── InputUnreadable      the operating system does not give a file of the input
│   └── QuarantineExceeded   too large a share of the input had to be set aside
├── WarehouseError       the warehouse cannot be read or written
│   ├── WarehouseBusy    another run holds it
│   └── CorruptFile      a file differs from what its manifest says
├── LedgerError          a step lost or invented documents or bytes
├── GateError            the last gate met text that must not be published
├── NotFixed             an iteration passed its bound without reaching a fixed point
└── PartError            a part (signal, source, ...) broke its contract

The message of an AssayError says where, what came, what was expected and the way out, in one line. It never holds text of the corpus.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class AssayError(Exception):
    """Something a user can act on. The command line prints its message and exits with 1."""


class ConfigError(AssayError):
    """The run file or the command line asks for something that does not exist. The command line exits with 2."""


class InputError(AssayError):
    """A file, folder or table that was named cannot be used."""


class InputUnreadable(InputError):
    """The operating system does not give a file of the input: it is gone, closed to us, or its disk fails. Another try may succeed."""


class QuarantineExceeded(InputError):
    """Too large a share of the input had to be set aside."""


class WarehouseError(AssayError):
    """The warehouse cannot be read or written."""


class WarehouseBusy(WarehouseError):
    """Another run holds the warehouse."""


class CorruptFile(WarehouseError):
    """A file differs from what its manifest says."""


class LedgerError(AssayError):
    """A step lost or invented documents or bytes."""


class GateError(AssayError):
    """The last gate met text that must not be published."""


class NotFixed(AssayError):
    """An iteration passed its bound without reaching a fixed point."""


class PartError(AssayError):
    """A part broke its contract."""


def explained(error: OSError, root: Path | str) -> WarehouseError:
    """What an operating system's error on the warehouse means for its user."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WarehouseError(f"{root}: the disk is full; nothing published was touched: free some space and run the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return WarehouseError(f"{root}: no permission to write; choose another folder with ASSAY_WAREHOUSE or in the run file")
    return WarehouseError(f"{root}: {os.strerror(error.errno) if error.errno else type(error).__name__}")
