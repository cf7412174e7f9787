"""What ends a command is one message, whatever raised it; a fault of ours keeps its traceback."""

from __future__ import annotations

import sys

import duckdb
import pytest

from targetgraph import cli
from targetgraph.cli.faults import as_message
from warehouse.errors import QuestionError


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (QuestionError("wrong"), 2, "wrong"),
        (PermissionError(13, "Permission denied", "/srv/lists"), 1, "/srv/lists: Permission denied"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (TimeoutError(), 1, "TimeoutError"),
        (MemoryError(), 4, "does not suffice"),
        (duckdb.OutOfMemoryException("Out of Memory Error: x"), 4, "does not suffice"),
        (duckdb.IOException("IO Error: No space left\nat 0x7f"), 1, "read or written: No space left"),
        (ModuleNotFoundError("No module named 'scipy'", name="scipy.sparse"), 1, "targetgraph verb needs the extra"),
    ],
)
def test_what_a_person_can_mend_is_a_message(
    error: Exception, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(sys, "argv", ["targetgraph", "verb"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == code
    told = capsys.readouterr().err
    assert told.startswith("targetgraph: ")
    assert message in told
    assert "Error: " not in told


@pytest.mark.parametrize(
    "error", [ValueError("x"), duckdb.CatalogException("Catalog Error: x"), ModuleNotFoundError("x", name="nothing")]
)
def test_a_fault_of_ours_keeps_its_traceback(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise error

    assert as_message(error, "verb") is None
    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(type(error)):
        cli.main()
