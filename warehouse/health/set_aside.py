"""What a build does without: sources and files that failed and were set aside, as its receipt names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

#: How many files of one reason are named.
_SHOWN = 3


def set_aside(receipt: Mapping[str, Any], names: Collection[str] = ()) -> list[str]:
    """A sentence for each source that a build set aside, and for each reason why it set files aside.

    Receipts of older builds name none.

    Args:
        receipt: the receipt of the build.
        names: the sources to look at, such as those that a refresh read; empty = all.
    """
    sentences: list[str] = []
    for source in receipt["sources"]:
        if names and source["source"] not in names:
            continue
        if source.get("failure"):
            sentences.append(f"{source['title']} failed. {source['failure']}")
        sentences += [f"{source['title']} was built without {text}" for text in files_set_aside(source)]
    return sentences


def files_set_aside(account: Mapping[str, Any]) -> list[str]:
    """Which files of a source were set aside, and why: a text for each reason, which names its first files.

    Args:
        account: of the source, in a receipt.
    """
    files: dict[str, list[str]] = {}
    for file in account["files"]:
        if file.get("failure"):
            files.setdefault(_reason(file), []).append(file["file"])
    return [f"{_named(names)}: {reason}" for reason, names in files.items()]


def _reason(file: Mapping[str, Any]) -> str:
    """The failure of a file without its name, which stands before it."""
    failure = str(file["failure"])
    for name in (file["file"], PurePosixPath(file["file"]).name):
        failure = failure.removeprefix(f"{name}: ")
    return failure


def _named(files: Sequence[str]) -> str:
    if len(files) == 1:
        return files[0]
    rest = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return f"{len(files)} files ({', '.join(files[:_SHOWN])}{rest})"
