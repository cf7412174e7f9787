"""Whether something newer is published than what a build has: each source asks its publisher's own listing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from etl.fetching.snapshots import SnapshotStore
from etl.listings import Frozen, Listing, Modified, are_comparable, release_order
from etl.locate import remotes
from etl.source import Source
from warehouse.atomic import write_text
from warehouse.errors import BuildError, SourceError
from warehouse.home import Home
from warehouse.progress import SILENT, Progress

#: Where the releases stand that were adopted, in the folder of the state.
_RELEASES = "releases.json"


@dataclass(frozen=True)
class Freshness:
    """What is published of a source, beside what the current build has.

    Args:
        source: the source's name.
        in_build: the newest release of its files in the current build; empty where it has none.
        pinned: the release that a build fetches.
        published: the newest release that the publisher lists; empty where it could not be asked.
        state: `current`, `newer` (than what the build has), `not in the build`, `by hand`, `frozen`, `not comparable`,
            or `unknown`.
        detail: why, where the state does not say it.
    """

    source: str
    in_build: str
    pinned: str
    published: str
    state: str
    detail: str = ""

    def row(self) -> dict[str, Any]:
        """The fields, for a table."""
        return asdict(self)


def freshness(home: Home, wanted: Iterable[Source], progress: Progress = SILENT) -> list[Freshness]:
    """Ask the publisher of every source; one that cannot be asked is `unknown`, with the reason.

    Args:
        home: the warehouse, whose current build is compared; it may have none.
        wanted: the sources.
        progress: told of each source.
    """
    declared = list(wanted)
    in_build = _in_build(home)
    with progress.task("ask the publishers", len(declared), "sources") as task:
        found = []
        for one in declared:
            task.describe(f"ask {one.title}")
            found.append(_freshness(one, in_build.get(one.name, ""), _fetched(home, one)))
            task.advance()
    return found


def newest_release(declared: Source) -> str:
    """The newest release that a publisher lists.

    Raises:
        SourceError: the listing cannot be had, or names no release.
    """
    from etl.fetching.web import look_at

    listing = declared.listing
    if isinstance(listing, Listing):
        text, _modified = look_at(listing.url, with_body=True)
        found = listing.newest(text)
        if found is None:
            raise SourceError(
                f"{declared.name}: {listing.url} names no release.",
                f"The publisher changed the page; look at it, and correct the listing of {declared.name}.",
            )
        return found
    if isinstance(listing, Modified):
        remote = declared.part(listing.part).remote
        assert remote is not None, "a file that is asked about has an address"
        _text, modified = look_at(remote.url, with_body=False)
        return _day(declared, remote.url, modified)
    raise SourceError(f"{declared.name} does not say where its publisher lists releases.")


def at_release(declared: Source, release: str, *, anew: bool) -> Source:
    """The source with the files of another release, at the addresses where these are published.

    Args:
        declared: the source.
        release: the release.
        anew: it comes for the first time: what an address gave before does not bind it.

    Raises:
        SourceError: the source does not say where other releases are.
    """
    listing = declared.listing
    if not isinstance(listing, Listing | Modified):
        raise SourceError(f"{declared.name} does not say where its releases are.", "Download it, and build with --raw.")
    parts = [
        part if part.remote is None else replace(part, remote=replace(listing.remote(part.remote, release), anew=anew))
        for part in declared.files
    ]
    return replace(declared, files=tuple(parts))


def adopted_releases(home: Home) -> dict[str, str]:
    """The releases that updates have published, by source: a build that fetches takes these, not the pinned ones.

    Raises:
        BuildError: the file that names them is damaged.
    """
    path = home.state / _RELEASES
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(release) for name, release in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise BuildError(f"{path} is damaged: {error}", "Remove it: builds take the pinned releases again.") from error


def adopt_releases(home: Home, releases: Mapping[str, str]) -> None:
    """Let later builds fetch these releases; the build that has them is published already.

    Raises:
        BuildError: the file that names them is damaged, or cannot be written.
    """
    text = json.dumps({**adopted_releases(home), **releases}, indent=1, sort_keys=True)
    path = home.state / _RELEASES
    try:
        home.make(home.state)
        write_text(path, text + "\n", durable=True)
    except OSError as error:
        raise BuildError(
            f"The newer build is published, but {path} cannot be written: {error}",
            "A build that fetches takes the pinned releases until `targetgraph update` has run again.",
        ) from error


def _freshness(declared: Source, in_build: str, fetched: str | None) -> Freshness:
    pinned = max((remote.release for _part, remote in remotes(declared)), key=release_order, default="")
    known = Freshness(declared.name, in_build, pinned, "", "unknown")
    if isinstance(declared.listing, Frozen):
        return replace(known, state="frozen", detail=declared.listing.why)
    if declared.listing is None:
        why = "" if pinned else f"Its files are downloaded by hand from {declared.homepage}"
        return replace(known, state="by hand" if not pinned else "unknown", detail=why or "It declares no listing.")
    try:
        return _compared(replace(known, published=newest_release(declared)), fetched)
    except SourceError as error:
        return replace(known, detail=str(error))


def _fetched(home: Home, declared: Source) -> str | None:
    """The day on which the file was fetched whose date is its release; None where it is not known."""
    if not isinstance(declared.listing, Modified):
        return None
    remote = declared.part(declared.listing.part).remote
    return None if remote is None else SnapshotStore(home.snapshots).first_seen(remote.url)


def _compared(known: Freshness, fetched: str | None) -> Freshness:
    if not known.in_build:
        return replace(known, state="not in the build")
    if known.in_build == known.published:
        return replace(known, state="current")
    have = known.in_build if are_comparable(known.in_build, known.published) else fetched
    if have is None:
        return replace(
            known, state="not comparable", detail="The release in the build is named in another way, or not known."
        )
    is_newer = release_order(known.published) > release_order(have)
    return replace(known, state="newer" if is_newer else "current")


def _in_build(home: Home) -> dict[str, str]:
    """The newest release of each source in the current build."""
    try:
        receipt = home.current().receipt()
    except BuildError:
        return {}
    return {
        one["source"]: max((file["release"] for file in one["files"]), key=release_order, default="")
        for one in receipt["sources"]
    }


def _day(declared: Source, url: str, modified: str) -> str:
    try:
        return parsedate_to_datetime(modified).date().isoformat()
    except ValueError:
        raise SourceError(
            f"{declared.name}: the server of {url} does not say when the file was last changed.",
            "Look at the publisher's page.",
        ) from None
