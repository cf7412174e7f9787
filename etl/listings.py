"""How a source learns that its publisher has released something newer: by the publisher's own listing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from etl.source import Remote


@dataclass(frozen=True)
class Listing:
    """Where a publisher lists its releases, or says which one is current.

    Args:
        url: a folder's index, a page of releases, a file that names the version.
        pattern: a regular expression that matches each release in what that address gives; its group `release`, or
            `year`, `month` and `day`, is the release.
        prefix: how the addresses of a release's files begin, with `{release}` or `{compact}` (without hyphens) in it;
            None = they have the same addresses in every release.

    >>> Listing("https://example.org/", r'href="v(?P<release>[0-9]+)/"').newest('<a href="v9/"> <a href="v12/">')
    '12'
    """

    url: str
    pattern: str
    prefix: str | None = None

    def newest(self, text: str) -> str | None:
        """The newest release that a text names; None where it names none."""
        releases = {_release(match) for match in re.finditer(self.pattern, text)}
        return max(releases, key=release_order, default=None)

    def remote(self, remote: Remote, release: str) -> Remote:
        """Where a file of another release is published; its checksum and its size are not known yet."""
        if release == remote.release:
            return remote
        if self.prefix is None:
            return Remote(remote.url, release, rows=remote.rows)
        old, new = (_filled(self.prefix, name) for name in (remote.release, release))
        if not remote.url.startswith(old):
            # A file beside those of the release, such as a table that was made once.
            return remote
        return Remote(new + remote.url.removeprefix(old), release, rows=remote.rows)


@dataclass(frozen=True)
class Modified:
    """Files whose address stays, and whose server says when they were last changed: that day is their release.

    Args:
        part: the file of the source that is asked about.
    """

    part: str

    def remote(self, remote: Remote, release: str) -> Remote:
        """The same address, held to no checksum."""
        return remote if release == remote.release else Remote(remote.url, release, rows=remote.rows)


@dataclass(frozen=True)
class Frozen:
    """A source of which no newer release will come.

    Args:
        why: the reason, as a sentence.
    """

    why: str


def release_order(release: str) -> tuple[tuple[int, str], ...]:
    """A key by which releases sort as people count: 9 before 12, 2026-06b after 2026-06."""
    return tuple((int(digits or -1), letters) for digits, letters in re.findall(r"(\d+)|(\D+)", release))


def are_comparable(one: str, other: str) -> bool:
    """Whether two releases are named in one way, so that one can be said to be newer than the other."""
    return _shape(one) == _shape(other)


def _shape(release: str) -> str:
    return re.sub(r"\d+", "0", release).rstrip("abcdefghijklmnopqrstuvwxyz").rstrip("-._")


def _release(match: re.Match[str]) -> str:
    named = match.groupdict()
    if "release" in named:
        return str(named["release"])
    return "-".join(named[unit] for unit in ("year", "month", "day") if named.get(unit))


def _filled(prefix: str, release: str) -> str:
    return prefix.format(release=release, compact=release.replace("-", ""))
