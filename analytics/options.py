"""The options of analyses: read from a user's words, checked, and written as parameters of a run."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from analytics.analysis import Analysis
from analytics.inputs import described, stamp
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress


@dataclass(frozen=True)
class OptionInfo:
    """What is declared of one option.

    Args:
        name: the field of the options.
        type: `str`, `int`, `float`, `bool`, `Path` or an `Enum`.
        many: it may be given several times.
        required: it has no default.
        default: what holds where it is not given.
        meaning, example, minimum, maximum: as in `analytics.analysis.option`.
    """

    name: str
    type: type[Any]
    many: bool
    required: bool
    default: Any
    meaning: str
    example: object
    minimum: float | None
    maximum: float | None

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")


def declared_options(analysis: Analysis[Any]) -> list[OptionInfo]:
    """The options of an analysis, in the order of their declaration."""
    hints = typing.get_type_hints(analysis.options)
    return [_info(one, hints[one.name]) for one in dataclasses.fields(analysis.options)]


def read_options(analysis: Analysis[Any], given: Mapping[str, Any]) -> Any:
    """The options of an analysis from values by name.

    Raises:
        AnalysisError: an option is missing, unknown, of a wrong type or out of range; the message names it.
    """
    declared = {one.name: one for one in declared_options(analysis)}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        known = ", ".join(declared) or "none"
        raise AnalysisError(f"{analysis.name} has no option {', '.join(unknown)}.", f"Its options: {known}.")
    missing = sorted(name for name, one in declared.items() if one.required and given.get(name) is None)
    if missing:
        raise AnalysisError(f"{analysis.name} needs {', '.join(declared[name].flag for name in missing)}.")
    values = {name: _value(declared[name], value) for name, value in given.items() if value is not None}
    return analysis.options(**values)


def parameters(options: Any, progress: Progress = SILENT) -> dict[str, Any]:
    """Options as JSON knows them; a file or folder is known by its name and the checksum of its content.

    Raises:
        AnalysisError: a file or folder cannot be read.
    """
    return {one.name: _plain(getattr(options, one.name), progress) for one in dataclasses.fields(options)}


def input_stamps(options: Any) -> list[tuple[object, ...]]:
    """What tells whether a file or folder that an option names was written since (`analytics.inputs.stamp`)."""
    values = [getattr(options, one.name) for one in dataclasses.fields(options)]
    paths = [path for value in values for path in (value if isinstance(value, tuple) else (value,))]
    return [stamp(path) for path in paths if isinstance(path, Path)]


def _info(one: dataclasses.Field[Any], hint: Any) -> OptionInfo:
    required = one.default is dataclasses.MISSING
    plain = _without_none(hint)
    many = typing.get_origin(plain) is tuple
    about = dict(one.metadata)
    return OptionInfo(
        name=one.name,
        type=typing.get_args(plain)[0] if many else plain,
        many=many,
        required=required,
        default=None if required else one.default,
        meaning=about["meaning"],
        example=about["example"],
        minimum=about["minimum"],
        maximum=about["maximum"],
    )


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def _value(declared: OptionInfo, value: Any) -> Any:
    if declared.many:
        values = [value] if isinstance(value, str) else list(value)
        return tuple(_one(declared, each) for each in values)
    return _one(declared, value)


def _one(declared: OptionInfo, value: Any) -> Any:
    try:
        if declared.type is bool:
            read: Any = value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
        else:
            read = declared.type(value)
    except (ValueError, TypeError, KeyError):
        raise AnalysisError(f"{declared.flag}: {value!r} is no {declared.type.__name__}.", _choices(declared)) from None
    low, high = declared.minimum, declared.maximum
    if (low is not None and not read >= low) or (high is not None and not read <= high):
        span = f"at least {low:g}" if high is None else f"at most {high:g}" if low is None else f"{low:g} to {high:g}"
        raise AnalysisError(f"{declared.flag}: {value} is out of range; it must be {span}.")
    return read


def _choices(declared: OptionInfo) -> str | None:
    if issubclass(declared.type, Enum):
        return "One of: " + ", ".join(str(one.value) for one in declared.type)
    return None


def _plain(value: Any, progress: Progress) -> Any:
    if isinstance(value, Path):
        return described(value, progress)
    if isinstance(value, Enum):
        return value.value
    return [_plain(one, progress) for one in value] if isinstance(value, tuple) else value
