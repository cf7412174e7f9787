"""Lists of entities that a user keeps: stored by canonical id, and followed from build to build.

A list is one file, `lists/<name>.json` in the folder of the warehouse, written beside and renamed: it belongs to no
build. Everybody reads it; its owner and operators change it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse import atomic
from warehouse.analyst.identifiers import Outcome, Resolved, resolve
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.home import Home
from warehouse.model import MODEL, DataModel

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,79}$")
#: Lists of format 1 have no owner.
_FORMAT, _READ = 2, (1, 2)
#: One list is changed at a time by the visitors of one dashboard: between the check and the writing nothing moves.
_CHANGING = threading.Lock()

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
        owner: the account of whoever saved it; empty: the operator, to whom lists without an owner belong.
    """

    name: str
    type: str
    members: tuple[Member, ...]
    description: str = ""
    build: str = ""
    created: str = ""
    unresolved: tuple[tuple[str, str], ...] = ()
    owner: str = ""

    @property
    def ids(self) -> list[str]:
        """The ids of its members."""
        return [member.id for member in self.members]

    @property
    def size(self) -> str:
        """How many members it has, in words: `1 member`, `2,000 members`."""
        return f"{len(self.members):,} member{'' if len(self.members) == 1 else 's'}"


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


@dataclass(frozen=True)
class Account:
    """Who reads and changes lists.

    Args:
        name: how an account elsewhere names them, an e-mail address; empty: nobody signed in by name.
        is_operator: may change every list. Whoever works in the folder of the warehouse is one.
    """

    name: str = ""
    is_operator: bool = False

    @property
    def may_save(self) -> bool:
        """Whether they can have lists in the warehouse: without an account a reader is like any other."""
        return self.is_operator or bool(self.name)

    def may_change(self, owner: str) -> bool:
        """Whether they may overwrite and delete the lists of an owner."""
        return self.is_operator or (bool(self.name) and self.name == owner)


#: Who works on the command line or in Python, with the rights of the operating system.
OPERATOR = Account(is_operator=True)


class Lists:
    """The lists of a warehouse: everybody reads all of them, their owner and operators change them.

    Args:
        home: the folder of the warehouse.
        account: who asks.
    """

    def __init__(self, home: Home, account: Account = OPERATOR) -> None:
        self._folder = home.root / "lists"
        self.account = account

    def names(self) -> list[str]:
        """The names of all lists, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def names_of(self, label: str) -> list[str]:
        """The names of the lists of a type of entities, sorted; a damaged one is left out, and reported by `get`."""
        names = []
        for name in self.names():
            with suppress(TargetGraphError):
                if self.get(name).type == label:
                    names.append(name)
        return names

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
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise TargetGraphError(f"The list {path} cannot be read: {error}", "Mend it, or move it away.") from error

    def may_change(self, name: str) -> bool:
        """Whether the account may overwrite or delete a list; a damaged one is the operator's."""
        try:
            return self.account.may_change(self.get(name).owner)
        except TargetGraphError:
            return self.account.is_operator

    def save(self, kept: EntityList, *, replacing: bool = False) -> EntityList:
        """Save a list. A new one belongs to the account; one that is overwritten keeps its owner.

        Returns:
            The list with its owner.

        Raises:
            QuestionError: there is one of that name that is not to be replaced, or that belongs to somebody else; or
                the account is a reader without a name.
            TargetGraphError: it cannot be written.
        """
        if not self.account.may_save:
            raise QuestionError(
                "Only operators and readers with an account of their own save lists in the warehouse.",
                "Without one a list stays in your session; download it to keep it.",
            )
        path = self._path(kept.name)
        with _CHANGING:
            owned = replace(kept, owner=self._owner_of(kept.name, replacing=replacing))
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                atomic.write_text(path, as_json(owned), durable=True)
            except OSError as error:
                raise TargetGraphError(f"The list cannot be written: {error}") from error
        return owned

    def remove(self, name: str) -> None:
        """Delete a list.

        Raises:
            QuestionError: there is no such list, or it belongs to somebody else.
        """
        with _CHANGING:
            if not self.account.is_operator:
                self._require_own(name)
            try:
                self._path(name).unlink()
            except FileNotFoundError:
                self.get(name)

    def _owner_of(self, name: str, *, replacing: bool) -> str:
        """Whose a list is when it is saved."""
        if not self._path(name).exists():
            return self.account.name
        if not replacing:
            raise QuestionError(f"There is already a list {name!r}.", "Choose another name, or overwrite it.")
        try:
            self._require_own(name)
            return self.get(name).owner
        except QuestionError:
            raise
        except TargetGraphError:
            if self.account.is_operator:
                return self.account.name
            raise

    def _require_own(self, name: str) -> None:
        owner = self.get(name).owner
        if not self.account.may_change(owner):
            raise QuestionError(
                f"The list {name!r} belongs to {owner or 'the operator'}.",
                "Only its owner and operators can change it; save yours under another name.",
            )

    def _path(self, name: str) -> Path:
        return self._folder / f"{_checked(name)}.json"


def as_json(kept: EntityList) -> str:
    """A list as its file holds it."""
    return json.dumps({"format": _FORMAT, **asdict(kept)}, indent=1)


def _checked(name: str) -> str:
    """The name, if a file can be called so on every system and it cannot lead out of the folder."""
    if not _NAME.match(name) or ".." in name:
        raise QuestionError(
            f"{name!r} is no name for a list.", "Use up to 80 letters, digits, spaces and _ . -, a letter first."
        )
    return name


def _read(stored: dict[str, object]) -> EntityList:
    if stored.pop("format") not in _READ:
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
