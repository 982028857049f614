"""What a worker hands back of an attempt, on any engine: the files it wrote or why it could not, and what it has used so far."""

from __future__ import annotations

import json
import os
import platform
import resource
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from pipelines.contract import errors
from pipelines.contract.errors import AssayError
from pipelines.contract.parts import PartFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of one attempt of one worker. Seconds and bytes are the worker's since it began, but for the riders' seconds, which are the attempt's.

    ``files`` and ``riders`` are JSON, so that a report is one flat row.
    """

    files: str = "[]"
    riders: str = "{}"
    error: str = ""
    message: str = ""
    worker: str
    cpu_s: float
    peak_rss_bytes: int

    def part_files(self) -> list[PartFile]:
        """The files it wrote."""
        return [PartFile(**file) for file in json.loads(self.files)]

    def riders_cpu_s(self) -> dict[str, float]:
        """CPU seconds of each rider by name."""
        return dict(json.loads(self.riders))


REPORT_SCHEMA: Final = pa.schema([
    ("files", pa.string()), ("riders", pa.string()), ("error", pa.string()), ("message", pa.string()),
    ("worker", pa.string()), ("cpu_s", pa.float64()), ("peak_rss_bytes", pa.int64()),
])  # fmt: skip


def report_of(files: Iterable[PartFile] = (), error: AssayError | None = None, riders_cpu_s: Mapping[str, float] | None = None) -> Report:
    """The report of an attempt that ends now, in this process."""
    return Report(
        files=json.dumps([asdict(f) for f in files]),
        riders=json.dumps(dict(riders_cpu_s or {})),
        error="" if error is None else type(error).__name__,
        message="" if error is None else str(error),
        worker=this_worker(),
        cpu_s=time.process_time(),
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def as_batch(report: Report) -> pa.RecordBatch:
    """A report as one row."""
    return pa.RecordBatch.from_pylist([asdict(report)], schema=REPORT_SCHEMA)


def from_rows(rows: pa.Table) -> list[Report]:
    """The reports of all workers.

    Raises:
        AssayError: a worker reported one; of several the first by name and message, so that a rerun shows the same.
    """
    reports = [Report(**row) for row in rows.to_pylist()]
    failed = sorted((r.error, r.message) for r in reports if r.error)
    if failed:
        raise getattr(errors, failed[0][0], AssayError)(failed[0][1])
    return reports


class Tally:
    """What all workers of an engine have used; this process is left out, as it knows its own use."""

    def __init__(self) -> None:
        """Nobody has worked yet."""
        self._cpu_s: dict[str, float] = {}
        self._others_s = 0.0
        self.riders_cpu_s: dict[str, float] = {}
        self.peak_rss_bytes = 0

    def add(self, report: Report) -> None:
        """Takes note of a report; a worker's later one stands for its earlier ones, but what its riders took is added up."""
        for name, seconds in report.riders_cpu_s().items():
            self.riders_cpu_s[name] = self.riders_cpu_s.get(name, 0.0) + seconds
        if report.worker != this_worker():
            self._cpu_s[report.worker] = max(report.cpu_s, self._cpu_s.get(report.worker, 0.0))
            self.peak_rss_bytes = max(report.peak_rss_bytes, self.peak_rss_bytes)

    def workers_ended(self) -> None:
        """Takes note that the workers are gone: what they used is now among what this process' ended children used."""
        self._cpu_s.clear()

    def add_seconds(self, cpu_s: float) -> None:
        """Takes note of work that no worker reports."""
        self._others_s += cpu_s

    @property
    def cpu_s(self) -> float:
        """Seconds of all workers together."""
        return sum(self._cpu_s.values()) + self._others_s


def this_worker() -> str:
    """This process among all processes of all machines."""
    return f"{platform.node()}:{os.getpid()}"
