"""Rows of tables from the receipts of builds."""

from __future__ import annotations

from typing import Any

_STATE_ICONS = {"green": "✓ green", "warning": "⚠ warning", "failed": "✗ failed", "unpinned": "? unpinned"}


def source_row(source: dict[str, Any]) -> dict[str, Any]:
    """What a build read of a source, from its receipt."""
    files = source["files"]
    return {
        "source": source["title"],
        "status": _STATE_ICONS.get(source["status"], source["status"]),
        "release": ", ".join(sorted({file["release"] for file in files})),
        "files": len(files),
        "read": sum(file["rows_read"] for file in files),
        "kept": sum(file["rows_kept"] for file in files),
        "set_aside": sum(file["rows_quarantined"] for file in files),
        "out_of_scope": sum(file["rows_out_of_scope"] for file in files),
        "statements": source["statements"],
        "missing": ", ".join(source["missing"]),
    }


def build_row(name: str, receipt: dict[str, Any], current: str) -> dict[str, Any]:
    """What a build is; `current` is the one that is shown."""
    return {
        "build": name,
        "current": "yes" if name == current else "",
        "made_at": receipt.get("made_at"),
        "refreshed": ", ".join(receipt.get("refreshed", [])) or "all",
        "rows": sum(receipt["counts"].values()),
        "content_hash": str(receipt.get("content_hash", ""))[:16],
    }
