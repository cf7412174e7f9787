"""What a page of the dashboard declares, and how pages are found.

One file in `dashboards/pages/` with `PAGE`; adding one edits no other file:

    def render(view: View) -> None:
        gene = entry_of("Gene", "gene")
        show_table(view, view.sql("FROM gene WHERE symbol = $symbol", symbol=gene), "The gene", key="genes")

    PAGE = Page("My page", "Explore", ":material/search:", render, sample={"gene": "SKP1"})
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

from warehouse.analyst.lists import Account
from warehouse.answer import Answer
from warehouse.home import Home
from warehouse.warehouse import Warehouse

#: The headings of the navigation, in their order; other headings follow them.
GROUPS = ("Ask", "Explore", "Analyses", "Data")


class Role(StrEnum):
    """Who looks at a page."""

    READER = "reader"
    OPERATOR = "operator"

    def may(self, needed: Role) -> bool:
        """Whether one with this role may do what needs another."""
        return self is Role.OPERATOR or needed is Role.READER


@dataclass(frozen=True)
class View:
    """What a page is drawn from: one build, opened, and who looks.

    Args:
        home: the folder of the warehouse.
        warehouse: the current build with the predictions of its active runs; shared by all visitors, read-only.
        role: who looks.
        page: the page that is drawn.
        visitor: the e-mail address with which they signed in; empty: they have no account of their own.
    """

    home: Home
    warehouse: Warehouse
    role: Role
    page: Page
    visitor: str = ""

    @property
    def account(self) -> Account:
        """Who looks, as the lists of the warehouse ask."""
        return Account(self.visitor, self.role is Role.OPERATOR)

    @cached_property
    def receipt(self) -> dict[str, Any]:
        """What the build was made from."""
        return self.warehouse.receipt()

    @property
    def releases(self) -> list[str]:
        """The releases of the build, as `reactome 2025-01, ...`."""
        told = {(one["source"], file["release"]) for one in self.receipt["sources"] for file in one["files"]}
        by_source: dict[str, list[str]] = {}
        for source, release in sorted(told):
            by_source.setdefault(source, []).append(release)
        return [f"{source} {' '.join(releases)}" for source, releases in by_source.items()]

    def sql(self, text: str, **parameters: Any) -> Answer:
        """Ask in SQL, within the limits of the settings."""
        return self.warehouse.sql(text, parameters)

    def query(self, text: str, **parameters: Any) -> Answer:
        """Ask in Cypher, within the limits of the settings."""
        return self.warehouse.query(text, parameters)


@dataclass(frozen=True)
class Page:
    """A page.

    Args:
        title: its name in the navigation, and its heading.
        group: the heading under which it stands (`GROUPS`).
        icon: a Material symbol, `:material/search:`.
        render: draws it; an error of our family becomes a message.
        order: its place among the pages of its group, the smaller first.
        needs: who may see it.
        sample: query parameters with which it shows something on the generated sample, for tests and pictures.
        name: its address; None = the name of its file.
        prepare: reads ahead what the page would let its first visitor wait for; called once, beside the first visitors,
            with the build that a dashboard opens when it starts.
    """

    title: str
    group: str
    icon: str
    render: Callable[[View], None]
    order: int = 50
    needs: Role = Role.READER
    sample: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    prepare: Callable[[Warehouse], object] | None = None

    @property
    def path(self) -> str:
        """Its address below that of the dashboard."""
        return self.name or self.render.__module__.rpartition(".")[2]


@cache
def pages() -> tuple[Page, ...]:
    """Every page, by group and order; the first is the one that opens."""
    package = importlib.import_module("dashboards.pages")
    found = []
    for module in pkgutil.iter_modules(package.__path__):
        declared = importlib.import_module(f"dashboards.pages.{module.name}").PAGE
        assert isinstance(declared, Page)
        found.append(declared)
    return tuple(sorted(found, key=lambda page: (_place(page.group), page.group, page.order, page.title)))


def _place(group: str) -> int:
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)
