"""What a build does without: sources and files that failed and were set aside, as its receipt names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def set_aside(receipt: Mapping[str, Any], names: Collection[str] = ()) -> list[str]:
    """A sentence for each source and each file that a build set aside; receipts of older builds name none.

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
        sentences += [
            f"{source['title']} was built without {file['file']}. {file['failure']}"
            for file in source["files"]
            if file.get("failure")
        ]
    return sentences
