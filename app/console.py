"""What a person sees while a run goes: one line a step, with documents in and out, and a bar while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines.text.compile import on_compile
from pipelines.text.kernel_records import trouble

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console
    from rich.progress import TaskID

    from pipelines.steps.base import Account

_WHAT = {
    "ingest": "reading documents",
    "clean": "repairing text",
    "measure": "measuring signals",
    "perplexity": "asking a model",
    "judge": "judging by rules",
    "exclude": "leaving out what is held elsewhere",
    "dedup": "finding copies",
    "split": "holding a part out",
    "repeated_lines": "cutting shared lines",
    "register": "registering benchmarks",
    "boilerplate": "counting phrases of benchmarks",
    "decontaminate": "looking for benchmark items",
    "scrub": "replacing personal data",
    "tokenize": "learning a tokenizer, encoding",
    "publish": "last gate, dataset card",
    "ngram_filter": "noting what later benchmarks are looked for by",
}


class ConsoleReporter:
    """Shows a run on a terminal; where there is none, one plain line a step."""

    def __init__(self, console: Console) -> None:
        """``console`` decides whether there is a terminal."""
        self.console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._step = ""
        self._num_compiled = 0

    def __enter__(self) -> ConsoleReporter:  # noqa: PYI034 - final in effect
        """Starts drawing, and hears of kernels that are compiled."""
        self._progress.start()
        on_compile(self.compiling)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Stops drawing."""
        on_compile(None)
        self._progress.stop()

    def started(self, step: str) -> None:
        """See ``Reporter``."""
        self._step = f"{step:<14}{_WHAT.get(step, '')}"
        self._task = self._progress.add_task(self._step, total=None)

    def compiling(self, kernel: str) -> None:  # noqa: ARG002 - a name of the code tells a user nothing
        """Says once that kernels are compiled, and counts them on a terminal."""
        self._num_compiled += 1
        if self._num_compiled == 1:
            self.console.print("  compiling kernels, once for this machine and this version of assay", highlight=False, soft_wrap=True)
            if told := trouble():
                self.console.print(f"  warning: {told}", highlight=False, markup=False, soft_wrap=True)
        if self._task is not None:
            self._progress.update(self._task, description=f"{self._step}: compiling, {self._num_compiled} kernels so far")

    def carries(self, step: str, riders: tuple[str, ...]) -> None:
        """See ``Reporter``."""
        if self._task is not None and riders:
            self._step = f"{step:<14}{_WHAT.get(step, '')}; on the way: {', '.join(riders)}"
            self._progress.update(self._task, description=self._step)

    def advanced(self, step: str, done: int, total: int) -> None:  # noqa: ARG002 - the task on the screen is the step's
        """See ``Reporter``."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=self._step)

    def finished(self, step: str, account: Account, wall_s: float, *, was_done: bool) -> None:
        """See ``Reporter``."""
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        lost = [f"{n:,} {word}" for n, word in ((account.docs_dropped, "dropped"), (account.docs_quarantined, "set aside")) if n]
        if account.bytes_cut:
            lost.append(f"{account.bytes_cut:,} bytes cut")
        said = ", ".join([*lost, "done before"] if was_done else lost)  # the time of a step that was done before is no news
        time = "" if was_done else f"{wall_s:6.1f} s"
        line = f"  {step:<14}{account.docs_in:>7,} -> {account.docs_kept:>7,} documents  {time:<10}{said}"
        self.console.print(line.rstrip(), highlight=False, soft_wrap=True)

    def warned(self, step: str, message: str) -> None:
        """See ``Reporter``."""
        self.console.print(f"  warning: {step}: {message}", highlight=False, markup=False, soft_wrap=True)


class SilentReporter:
    """Shows nothing: for programs that read the result."""

    def started(self, step: str) -> None:
        """Nothing."""

    def carries(self, step: str, riders: tuple[str, ...]) -> None:
        """Nothing."""

    def advanced(self, step: str, done: int, total: int) -> None:
        """Nothing."""

    def finished(self, step: str, account: Account, wall_s: float, *, was_done: bool) -> None:
        """Nothing."""

    def warned(self, step: str, message: str) -> None:
        """Nothing: ``--json`` prints warnings with the result."""
