"""The errors that TargetGraph raises on purpose: a small family, each with the exit code of the command line.

An error of this family is a message to a person: what was wrong, where, and what to do. Anything else that is raised
is a fault of ours and keeps its traceback.
"""

from __future__ import annotations


class TargetGraphError(Exception):
    """The parent of every error that a user can cause and mend.

    Args:
        message: what was wrong, and where.
        hint: what to do about it; shown on a line of its own.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class SourceError(TargetGraphError):
    """A source could not be read as it is declared: it is set aside, or the build stops and the current one stays."""


class FetchError(SourceError):
    """A download did not give the file that was pinned. The parent of what may pass and what will not."""


class TransientFetchError(FetchError):
    """A download failed in a way that may pass: a lost connection, a busy server. Worth another try."""


class TerminalFetchError(FetchError):
    """A download failed in a way that will not pass: not found, wrong checksum, a page instead of data."""


class NotPublishedError(TerminalFetchError):
    """The address says that there is no such file; a build goes on without it where the file is optional."""


class BuildError(TargetGraphError):
    """A build could not be made, found or published; the current build is untouched."""


class StoppedError(BuildError):
    """A build was given up on purpose after the step that ran: the scheduler was told to stop."""


class GateError(BuildError):
    """A finished build did not pass its gate (keys, references, counts) and was not published."""


class StoreError(TargetGraphError):
    """A store of the graph beside the build cannot be reached, or refuses: no server, wrong password, a full disk."""


class StoreChangingError(StoreError):
    """The store is between two builds, so that an answer would mix them; ask again when it is whole."""


class QuestionError(TargetGraphError):
    """A question is wrong or is refused: syntax, unknown function, a write, something not supported.

    Args:
        message: what was met and what was expected.
        hint: what to write instead.
        line: the line of the question, from 1, where it is known.
        column: the column in that line, from 1.
    """

    exit_code = 2

    def __init__(
        self, message: str, hint: str | None = None, *, line: int | None = None, column: int | None = None
    ) -> None:
        where = "" if line is None else f"line {line}, column {column}: "
        super().__init__(where + message, hint)
        self.line = line
        self.column = column


class QuestionTimeoutError(TargetGraphError):
    """A question ran longer than its time limit and was stopped."""

    exit_code = 4


class QuestionCancelledError(TargetGraphError):
    """A question was cancelled by the one who asked it, or by another thread on their behalf."""

    exit_code = 4


class QuestionMemoryError(TargetGraphError):
    """A question needed more memory than its limit and was stopped."""

    exit_code = 4


class WorkersError(TargetGraphError):
    """The processes or the Dask scheduler that shall do the work are not there."""


class AnalysisError(TargetGraphError):
    """The data, options or network given to an analysis cannot be used as they are."""

    exit_code = 2
