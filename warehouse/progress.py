"""How long work tells that it moves: an injected object, silent by default, bars on a terminal when asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn


class Task(Protocol):
    """One piece of work in progress."""

    def advance(self, amount: float = 1) -> None:
        """Move on by `amount`, in the unit of the task."""

    def describe(self, text: str) -> None:
        """Replace the text that stands beside the bar."""


class Progress(Protocol):
    """Where work reports to. Library code takes one as an argument and never prints."""

    def task(self, name: str, total: float | None = None, unit: str = "steps") -> AbstractContextManager[Task]:
        """Open a task; it ends with the `with` block.

        Args:
            name: what is being done, as a user reads it.
            total: the amount that makes it complete; None where it is not known.
            unit: what `total` counts; "bytes" is shown with a size and a speed.
        """


class _SilentTask:
    def advance(self, amount: float = 1) -> None:
        """Say nothing."""

    def describe(self, text: str) -> None:
        """Say nothing."""


class _SilentProgress:
    def task(self, name: str, total: float | None = None, unit: str = "steps") -> AbstractContextManager[Task]:
        """Give a task that says nothing."""
        return nullcontext(_SilentTask())


SILENT: Progress = _SilentProgress()
"""The progress that says nothing: for pipes, tests and every caller that did not ask."""


class _RichTask:
    def __init__(self, bars: RichProgress, task_id: Any) -> None:
        self._bars = bars
        self._id = task_id

    def advance(self, amount: float = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._id, amount)

    def describe(self, text: str) -> None:
        """Change the text of the bar."""
        self._bars.update(self._id, description=text)


class TerminalProgress:
    """Bars on standard error while it is a terminal, and nothing otherwise.

    All tasks that are open at one time share one display, so that nested and parallel tasks stand below each other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bars: RichProgress | None = None
        self._open = 0

    @contextmanager
    def task(self, name: str, total: float | None = None, unit: str = "steps") -> Iterator[Task]:
        """Show a bar until the `with` block ends."""
        bars = self._enter()
        if bars is None:
            yield _SilentTask()
            return
        task_id = bars.add_task(name, total=total, unit=unit)
        try:
            yield _RichTask(bars, task_id)
        finally:
            self._leave(bars, task_id)

    def _enter(self) -> RichProgress | None:
        with self._lock:
            if self._bars is None:
                self._bars = _new_bars()
                if self._bars is not None:
                    self._bars.start()
            if self._bars is not None:
                self._open += 1
            return self._bars

    def _leave(self, bars: RichProgress, task_id: Any) -> None:
        with self._lock:
            bars.stop_task(task_id)
            self._open -= 1
            if self._open == 0:
                bars.stop()
                self._bars = None


def _new_bars() -> RichProgress | None:
    # rich costs 0.05 s: only a command that really draws pays for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        return None
    description = TextColumn("{task.description}", markup=False)
    return Progress(description, BarColumn(), _figures_column(), TimeRemainingColumn(), console=console)


def _figures_column() -> ProgressColumn:
    from rich.progress import DownloadColumn, MofNCompleteColumn, ProgressColumn, TransferSpeedColumn
    from rich.progress import Task as Row
    from rich.text import Text

    class Figures(ProgressColumn):
        """Bytes with a speed, or a count of steps: by the unit of each task."""

        def __init__(self) -> None:
            super().__init__()
            self._size, self._speed, self._count = DownloadColumn(), TransferSpeedColumn(), MofNCompleteColumn()

        def render(self, task: Row) -> Text:
            """Draw one task's figures."""
            if task.fields.get("unit") == "bytes":
                return Text.assemble(self._size.render(task), "  ", self._speed.render(task))
            return self._count.render(task)

    return Figures()
