"""Lists of entities that a user keeps: stored by canonical id, and followed from build to build.

A list is one file, `lists/<name>.json` in the folder of the warehouse, written beside and renamed: it belongs to no
build, and two people who save at once lose nothing but the earlier of the two texts of one list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.analyst.identifiers import Outcome, Resolved, resolve
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.home import Home
from warehouse.model import MODEL, DataModel

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,79}$")
_FORMAT = 1

#: How two lists make a third.
OPERATIONS: dict[str, Callable[[set[str], set[str]], set[str]]] = {
    "union": set.union,
    "intersection": set.intersection,
    "difference": set.difference,
}


@dataclass(frozen=True)
class Member:
    """An entity in a list.

    Args:
        id: its canonical id in the build for which the list was last written.
        name: the symbol or name that it had.
        given: the texts that were given for it.
    """

    id: str
    name: str
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class EntityList:
    """A list of entities of one type.

    Args:
        name: how it is called; letters, digits, spaces and `_.-`.
        type: the label of its entities.
        members: sorted by id, each once.
        description: a sentence for other people.
        build: the id of the build by which it was resolved.
        created: when, in UTC.
        unresolved: the texts that became no member, with the reason.
    """

    name: str
    type: str
    members: tuple[Member, ...]
    description: str = ""
    build: str = ""
    created: str = ""
    unresolved: tuple[tuple[str, str], ...] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of its members."""
        return [member.id for member in self.members]


@dataclass(frozen=True)
class Change:
    """What became of a member in another build.

    Args:
        member: as it was.
        what: `renamed`, `merged` or `gone`.
        id: what it is now, None if it is gone.
        name: how it is called now.
    """

    member: Member
    what: str
    id: str | None = None
    name: str | None = None


def from_report(name: str, label: str, report: Iterable[Resolved], build: str, description: str = "") -> EntityList:
    """Make a list of what was resolved; the rest is kept as text with its reason.

    Raises:
        QuestionError: the name has letters that a file cannot have.
    """
    given: dict[str, tuple[str, list[str]]] = {}
    unresolved = []
    for one in report:
        if one.id is None:
            unresolved.append((one.given, f"{one.outcome}: {one.how}"))
        else:
            given.setdefault(one.id, (one.name or one.id, []))[1].append(one.given)
    members = tuple(Member(id_, shown, tuple(sorted(set(texts)))) for id_, (shown, texts) in sorted(given.items()))
    return EntityList(_checked(name), label, members, description, build, _now(), tuple(unresolved))


def combine(name: str, operation: str, first: EntityList, second: EntityList) -> EntityList:
    """Make a list from two: `union`, `intersection` or `difference` (what is in the first alone).

    Raises:
        QuestionError: there is no such operation, or the lists hold entities of different types.
    """
    if operation not in OPERATIONS:
        raise QuestionError(f"There is no operation {operation!r}.", f"Operations: {', '.join(OPERATIONS)}.")
    if first.type != second.type:
        raise QuestionError(
            f"{first.name} is a list of {first.type}, {second.name} one of {second.type}.",
            "Combine lists of one type.",
        )
    known = {member.id: member for member in (*second.members, *first.members)}
    ids = OPERATIONS[operation](set(first.ids), set(second.ids))
    members = tuple(known[id_] for id_ in sorted(ids))
    description = f"{operation} of {first.name} and {second.name}"
    return EntityList(_checked(name), first.type, members, description, first.build, _now())


def follow(
    connection: duckdb.DuckDBPyConnection, kept: EntityList, build: str, model: DataModel = MODEL
) -> tuple[EntityList, list[Change]]:
    """Resolve the members of a list in the build that is asked now, and say what changed.

    Returns:
        The list as it is in this build, without what is gone, and the changes.
    """
    now = resolve(connection, kept.ids, kept.type, model)
    members: dict[str, Member] = {}
    changes = []
    for member, found in zip(kept.members, now, strict=True):
        if found.id is None or found.outcome is Outcome.AMBIGUOUS:
            changes.append(Change(member, "gone"))
            continue
        name = found.name or found.id
        if found.id != member.id:
            changes.append(Change(member, "merged", found.id, name))
        elif name != member.name:
            changes.append(Change(member, "renamed", found.id, name))
        earlier = members.get(found.id)
        given = {*member.given, *(earlier.given if earlier else ())}
        members[found.id] = Member(found.id, name, tuple(sorted(given)))
    return replace(kept, members=tuple(members[id_] for id_ in sorted(members)), build=build), changes


class Lists:
    """The lists of a warehouse.

    Args:
        home: the folder of the warehouse.
    """

    def __init__(self, home: Home) -> None:
        self._folder = home.root / "lists"

    def names(self) -> list[str]:
        """The names of all lists, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def names_of(self, label: str) -> list[str]:
        """The names of the lists of a type of entities, sorted; a damaged one is left out, and told by `get`."""
        found = []
        for name in self.names():
            with suppress(TargetGraphError):
                if self.get(name).type == label:
                    found.append(name)
        return found

    def get(self, name: str) -> EntityList:
        """A list by its name.

        Raises:
            QuestionError: there is no such list.
            TargetGraphError: its file cannot be read.
        """
        path = self._path(name)
        try:
            return _read(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            known = ", ".join(self.names()) or "none yet"
            raise QuestionError(f"There is no list {name!r}.", f"Lists: {known}.") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TargetGraphError(f"The list {path} cannot be read: {error}", "Mend it, or move it away.") from error

    def save(self, kept: EntityList, *, replacing: bool = False) -> None:
        """Keep a list.

        Raises:
            QuestionError: there is one of that name, and it is not to be replaced.
            TargetGraphError: it cannot be written.
        """
        path = self._path(kept.name)
        if path.exists() and not replacing:
            raise QuestionError(f"There is a list {kept.name!r} already.", "Choose another name, or replace it.")
        beside = path.with_suffix(".json.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps({"format": _FORMAT, **asdict(kept)}, indent=1), encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise TargetGraphError(f"The list cannot be written: {error}") from error

    def remove(self, name: str) -> None:
        """Forget a list.

        Raises:
            QuestionError: there is no such list.
        """
        self.get(name)
        self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{_checked(name)}.json"


def _checked(name: str) -> str:
    """The name, if a file can be called so on every system and it cannot lead out of the folder."""
    if not _NAME.match(name) or ".." in name:
        raise QuestionError(
            f"{name!r} is no name for a list.", "Use up to 80 letters, digits, spaces and _ . -, a letter first."
        )
    return name


def _read(stored: dict[str, object]) -> EntityList:
    if stored.pop("format") != _FORMAT:
        raise ValueError("it was written by a newer version of TargetGraph")
    members = stored.pop("members")
    unresolved: Sequence[tuple[str, str]] = stored.pop("unresolved")  # type: ignore[assignment]
    assert isinstance(members, list)
    return EntityList(
        members=tuple(Member(one["id"], one["name"], tuple(one["given"])) for one in members),
        unresolved=tuple((text, reason) for text, reason in unresolved),
        **stored,  # type: ignore[arg-type]
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
