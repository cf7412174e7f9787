"""What ends a command, as one message: the errors of our own, and those of the machine that a person can mend."""

from __future__ import annotations

from warehouse.errors import QuestionMemoryError, TargetGraphError
from warehouse.extras import missing_extra
from warehouse.interruption import heard_by_duckdb

#: DuckDB's errors for a disk that is full, a file that is damaged or may not be read, and memory that does not suffice.
_FILES = ("IOException", "FatalException", "SerializationException")
_MEMORY = "OutOfMemoryException"


#: The exit status of a build that was published without a source or a file that failed.
INCOMPLETE = 3
#: The exit status of a command that was interrupted from the keyboard.
INTERRUPTED = 130


def is_interruption(error: Exception) -> bool:
    """Whether Ctrl-C was pressed while DuckDB computed, which makes an error of its own of it."""
    return type(error).__name__ == "InterruptException" or heard_by_duckdb(error)


def as_message(error: Exception, verb: str) -> TargetGraphError | None:
    """The error as one of ours.

    Args:
        error: what ended the command.
        verb: the verb, for the message.

    Returns:
        An error with its exit code; None for a fault of ours, which keeps its traceback.
    """
    if isinstance(error, TargetGraphError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return missing_extra(error, f"targetgraph {verb}")
    if isinstance(error, OSError):
        return _of_the_machine(error)
    kind = type(error).__name__ if type(error).__module__.partition(".")[0].lstrip("_") == "duckdb" else ""
    if isinstance(error, MemoryError) or kind == _MEMORY:
        return QuestionMemoryError("The memory of this machine, or that of --memory-mb, does not suffice for it.")
    if kind in _FILES:
        # "IO Error: Cannot open file ...": the kind is DuckDB's, the rest is about a file.
        cause = str(error).splitlines()[0].partition(" Error: ")[2] or str(error).splitlines()[0]
        return TargetGraphError(f"A file of the warehouse cannot be read or written: {cause}")
    return None


def _of_the_machine(error: OSError) -> TargetGraphError:
    what = error.strerror or str(error) or type(error).__name__
    return TargetGraphError(what if error.filename is None else f"{error.filename}: {what}")
