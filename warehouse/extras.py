"""The extras of an installation: which packages each brings, and what a person reads where one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from warehouse.errors import TargetGraphError

#: For each extra of `pyproject.toml` the modules by which it is known to be installed.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "analytics": ("numba", "scipy", "sklearn", "threadpoolctl"),
    "cells": ("h5py", "scipy"),
    "dashboard": ("streamlit", "altair"),
    "dask": ("dask", "distributed"),
    "neo4j": ("neo4j",),
    "pandas": ("pandas",),
    "pgmpy": ("pgmpy", "networkx"),
    "py2neo": ("py2neo",),
    "single-sign-on": ("authlib",),
}


class MissingExtraError(TargetGraphError):
    """What was asked for needs an extra that is not installed.

    Args:
        what: what was asked for, as a person calls it: `targetgraph path`.
        extra: the extra.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': {install_command(extra)}")
        self.extra = extra


def install_command(*extras: str) -> str:
    """The command that installs extras; the project is in no package index, so that its folder is named.

    >>> install_command("analytics", "dashboard")
    "pip install '.[analytics,dashboard]' in the folder of the project"
    """
    return f"pip install '.[{','.join(extras)}]' in the folder of the project"


def is_installed(module: str) -> bool:
    """Whether a module can be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def require_extra(extra: str, what: str) -> None:
    """Refuse to go on without an extra, before anything is done that would be half done without it.

    Args:
        extra: the extra.
        what: what needs it, as a person calls it.

    Raises:
        MissingExtraError: one of its packages is not installed.
    """
    if not all(is_installed(module) for module in EXTRAS[extra]):
        raise MissingExtraError(what, extra)


def missing_extra(error: ModuleNotFoundError, what: str) -> MissingExtraError | None:
    """The error of an import as one that names the extra; None where no extra brings the module."""
    extra = extra_of(error.name)
    return None if extra is None else MissingExtraError(what, extra)


def extra_of(module: str | None) -> str | None:
    """The extra that brings a module; None where none does.

    >>> extra_of("scipy.sparse")
    'analytics'
    """
    package = (module or "").partition(".")[0]
    return next((extra for extra, modules in EXTRAS.items() if package in modules), None)
