"""What a licence allows: whether data under it may be passed on, and under which condition.

Sources write licences in words of their own. A text that is not recognised allows nothing: what is passed on by
mistake cannot be taken back.
"""

from __future__ import annotations

import re

#: What forbids passing on, or passing on in a changed form, whatever else the text says.
_FORBIDS = re.compile(
    r"not (?:be )?redistribut|no redistribution|must not|proprietary|all rights reserved|confidential"
    r"|\bND\b|no[- ]?deriv|internal use",
    re.IGNORECASE,
)
#: Licences that allow it, by the names that sources and SPDX give them.
_ALLOWS = re.compile(
    r"\bCC[- ]?0|\bCC[- ]?BY\b|\bODbL\b|\bODC[- ](?:BY|PDDL)|\bPDDL\b|public domain|\bUnlicense\b"
    r"|\bApache[- ]2|\bMIT\b|\bBSD\b|\bOGL\b|open government licen[cs]e"
    r"|creativecommons\.org/(?:licenses/by|publicdomain)",
    re.IGNORECASE,
)
_CONDITIONS = (
    (re.compile(r"\bNC\b|non-?commercial|/by-nc", re.IGNORECASE), "not for commercial use"),
    (re.compile(r"\bSA\b|\bODbL\b|share-?alike|/by(?:-nc)?-sa", re.IGNORECASE), "under the same licence"),
    (re.compile(r"\bBY\b|\bODbL\b|attribution|/by", re.IGNORECASE), "with attribution"),
)


def may_be_passed_on(licence: str) -> bool:
    """Whether data under a licence may be given to others, in a graph that combines them with other data.

    >>> may_be_passed_on("CC BY-NC 4.0"), may_be_passed_on("TRANSFAC: not redistributable"), may_be_passed_on("?")
    (True, False, False)
    """
    return bool(_ALLOWS.search(licence)) and not _FORBIDS.search(licence)


def conditions(licence: str) -> list[str]:
    """What one who passes the data on must keep to.

    >>> conditions("CC BY-NC 4.0")
    ['not for commercial use', 'with attribution']
    """
    return [condition for pattern, condition in _CONDITIONS if pattern.search(licence)]
