"""Text from sources on a page: never read as Markdown or HTML."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&@])")


def plain(text: object) -> str:
    r"""A text so that Markdown shows it as it is.

    >>> plain("<b>a*b</b>")
    '\\<b\\>a\\*b\\</b\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def report_address(entity_id: str) -> str:
    """The address of the report page of an entity.

    >>> report_address("hgnc:11998")
    'report?id=hgnc:11998'
    """
    return f"report?id={quote(entity_id, safe=':')}"


def source_address(entity_id: str) -> str:
    """Where an identifier leads to outside: its entry at the source, by way of Bioregistry."""
    return f"https://bioregistry.io/{quote(entity_id, safe=':')}"


def shown(value: Any) -> str:
    """A value of a property, for people."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def words(name: str) -> str:
    """A name of the model as words: `resolution_angstrom` becomes `Resolution angstrom`."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + (text[1:].lower() if text.isupper() else text[1:])
