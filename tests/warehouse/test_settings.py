"""Settings that a person got wrong are told by their names, without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.errors import TargetGraphError
from warehouse.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"), [("ROW_LIMIT", "many"), ("TIMEOUT_S", "-1"), ("KEEP_BUILDS", "0"), ("MEMORY_MB", "1")]
)
def test_a_wrong_setting_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TARGETGRAPH_{name}", value)
    with pytest.raises(TargetGraphError, match=f"TARGETGRAPH_{name}: Input should be"):
        Settings()


def test_an_env_file_that_is_no_text_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"\xff\xfeTARGETGRAPH_HOME=x")
    with pytest.raises(TargetGraphError, match=r"\.env cannot be read"):
        Settings()


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TARGETGRAPH_ROW_LIMIT=3\nTARGETGRAPH_MEMORY_MB=100\nOTHER=x\n", encoding="utf-8")
    monkeypatch.setenv("TARGETGRAPH_MEMORY_MB", "200")
    limits = Settings().limits
    assert (limits.rows, limits.memory_mb) == (3, 200)
