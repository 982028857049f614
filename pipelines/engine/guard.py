"""What a body raises, as an error that can be shown: one line that says where, and never a word of the corpus."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.contract.errors import AssayError, InputUnreadable, PartError, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.engine.base import Body


@contextmanager
def guarded(body: Body, folder: Path) -> Iterator[None]:
    """Turns whatever a body that writes below a folder raises into an AssayError that can be shown."""
    try:
        yield
    except AssayError:
        raise
    except OSError as error:  # of the body's: what the writer meets, it explains itself
        name = error.filename
        if isinstance(name, str) and not Path(name).is_relative_to(folder):
            raise InputUnreadable(f"{name}: cannot be read: {error.strerror}; mend it, or take it out of the run file") from None
        raise explained(error, folder) from None
    except Exception as error:  # noqa: BLE001 - the message of a foreign error may quote the text it choked on
        frames = traceback.extract_tb(error.__traceback__)
        place = next((f for f in reversed(frames) if "site-packages" not in f.filename and f.filename.endswith(".py")), frames[-1])
        name = type(body).__name__
        raise PartError(f"{name}: {type(error).__name__} at {place.filename}:{place.lineno} ({place.name}); this is a fault of assay") from None
