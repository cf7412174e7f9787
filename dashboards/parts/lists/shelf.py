"""The lists that a visitor can choose from: of the warehouse, and of the session of a visitor without an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from warehouse.analyst.lists import EntityList, Lists
from warehouse.errors import QuestionError

if TYPE_CHECKING:
    from dashboards.page import View

#: Leads the names of lists of a session in addresses; no list of the warehouse can be called so.
SESSION = "session:"
_KEPT = "session_lists"
_MOST = 50


class Shelf:
    """Lists by the names that stand in addresses.

    Readers without an account save into their session, which nobody else sees and which ends with it; all others save
    into the warehouse, which checks who may change what.

    Args:
        view: what the page is drawn from.
    """

    def __init__(self, view: View) -> None:
        self._stored = Lists(view.home, view.account)
        self._own: dict[str, EntityList] = st.session_state.setdefault(_KEPT, {})

    @property
    def is_of_session(self) -> bool:
        """Whether what is saved stays in the session."""
        return not self._stored.account.may_save

    def names(self) -> list[str]:
        """All lists: those of the warehouse, then those of the session, each sorted."""
        return [*self._stored.names(), *(SESSION + name for name in sorted(self._own))]

    def names_of(self, label: str) -> list[str]:
        """The lists of a type of entities."""
        own = [SESSION + name for name, one in sorted(self._own.items()) if one.type == label]
        return [*self._stored.names_of(label), *own]

    def titles(self) -> dict[str, str]:
        """What is shown for each list."""
        return {name: shown_name(name) for name in self.names()}

    def get(self, name: str) -> EntityList:
        """A list.

        Raises:
            QuestionError: there is no such list.
            TargetGraphError: it cannot be read.
        """
        if not name.startswith(SESSION):
            return self._stored.get(name)
        if name.removeprefix(SESSION) not in self._own:
            raise QuestionError(f"There is no list {shown_name(name)!r}.", "A list of a session ends with it.")
        return self._own[name.removeprefix(SESSION)]

    def save(self, kept: EntityList, *, replacing: bool = False) -> EntityList:
        """Save a list where the visitor's lists are.

        Raises:
            QuestionError: there is one of that name that is not to be replaced, or belongs to somebody else; or the
                session has too many.
            TargetGraphError: it cannot be written.
        """
        if not self.is_of_session:
            return self._stored.save(kept, replacing=replacing)
        if kept.name in self._own and not replacing:
            raise QuestionError(f"There is already a list {kept.name!r}.", "Choose another name, or overwrite it.")
        if len(self._own) >= _MOST and kept.name not in self._own:
            raise QuestionError(f"A session holds at most {_MOST} lists.", "Download and delete some.")
        self._own[kept.name] = kept
        return kept

    def may_change(self, name: str) -> bool:
        """Whether the visitor may overwrite or delete a list."""
        return name.startswith(SESSION) or self._stored.may_change(name)

    def remove(self, name: str) -> None:
        """Delete a list.

        Raises:
            QuestionError: there is no such list, or it belongs to somebody else.
        """
        if name.startswith(SESSION):
            self._own.pop(name.removeprefix(SESSION), None)
        else:
            self._stored.remove(name)


def shown_name(name: str) -> str:
    """A list as people call it.

    >>> shown_name("session:mine")
    'mine (this session)'
    """
    return f"{name.removeprefix(SESSION)} (this session)" if name.startswith(SESSION) else name
