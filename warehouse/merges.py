"""Merges of identifiers that a user has undone; a decision outlives every build."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from warehouse import atomic
from warehouse.errors import TargetGraphError
from warehouse.home import Home, Writer

_FILE = "undone_merges.json"


def undone_merges(home: Home) -> list[tuple[str, str]]:
    """The pairs of merged and canonical id that a user has undone, sorted.

    Raises:
        TargetGraphError: the file of decisions cannot be read.
    """
    return sorted(_pair(decision) for decision in _decisions(home))


def undo_merge(writer: Writer, merged_id: str, canonical_id: str, why: str) -> None:
    """Undo a merge from the next build on, and keep the reason."""
    decisions = [d for d in _decisions(writer.home) if _pair(d) != (merged_id, canonical_id)]
    when = datetime.now(UTC).isoformat(timespec="seconds")
    decisions.append({"merged_id": merged_id, "canonical_id": canonical_id, "why": why, "when": when})
    _store(writer.home, decisions)


def redo_merge(writer: Writer, merged_id: str, canonical_id: str) -> None:
    """Redo a merge that was undone, from the next build on."""
    _store(writer.home, [d for d in _decisions(writer.home) if _pair(d) != (merged_id, canonical_id)])


def _decisions(home: Home) -> list[dict[str, str]]:
    path = home.state / _FILE
    if not path.exists():
        return []
    try:
        decisions = list(json.loads(path.read_text(encoding="utf-8")))
        if not all(isinstance(text, str) for decision in decisions for text in _pair(decision)):
            raise ValueError("an identifier is no text")
        return decisions
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TargetGraphError(f"{path} cannot be read: {error}", "Mend it, or move it away.") from error


def _pair(decision: dict[str, str]) -> tuple[str, str]:
    return decision["merged_id"], decision["canonical_id"]


def _store(home: Home, decisions: list[dict[str, str]]) -> None:
    home.state.mkdir(parents=True, exist_ok=True)
    atomic.write_text(home.state / _FILE, json.dumps(decisions, indent=1), durable=True)
