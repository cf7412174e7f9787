"""Questions that are asked again and again: one `.cypher` file each, with a header that says what it asks.

    // title: Drugs that bind a gene
    // question: Which drugs bind the product of a gene, and how?
    // parameter gene: Gene, a symbol or identifier
    // parameter least_sources: integer = 1, sources that must state it
    // example: gene=EGFR
    MATCH (g:Gene {id: $gene})<-[r:BINDS|TARGETS]-(d:Drug) ...

A parameter whose type is a label of the data model takes what people call the entity, and the query its canonical id;
`list of` a type takes several. Parameters are bound, never pasted. A file in `templates/` is found by its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from warehouse.analyst.identifiers import MOST_IDENTIFIERS, resolve, split
from warehouse.analyst.name_lists import read_names
from warehouse.errors import QuestionError, TargetGraphError
from warehouse.model import MODEL, DataModel

FOLDER = Path(__file__).with_name("templates")
_HEADER = re.compile(r"^//\s*(title|question|example|parameter\s+(\w+))\s*:\s*(.+?)\s*$")
_PARAMETER = re.compile(r"^(list of )?(\w+)(?:\s*=\s*([^,]*?))?\s*,\s*(.+)$")
_LIST = "list of "


def _whole(text: str) -> int:
    return int(text.replace(",", "").replace("_", ""))


#: The plain types of parameters, with what reads them.
PLAIN: dict[str, Callable[[str], Any]] = {"text": str, "integer": _whole, "number": float}


@dataclass(frozen=True)
class Parameter:
    """What a template must be told.

    Args:
        name: as it stands in the query, without `$`.
        type: `text`, `integer`, `number`, or a label of the data model.
        is_list: several values are taken.
        default: taken where nothing is given, None if it must be given.
        meaning: in words.
    """

    name: str
    type: str
    is_list: bool
    default: str | None
    meaning: str


@dataclass(frozen=True)
class Template:
    """A question with typed parameters.

    Args:
        name: the name of its file, without the ending.
        title: a few words.
        question: a sentence.
        parameters: by name, in the order of the file.
        example: values by name that give an answer from the sources that `docs/sources.md` lists.
        query: the Cypher text.
    """

    name: str
    title: str
    question: str
    parameters: Mapping[str, Parameter]
    example: Mapping[str, str]
    query: str

    def bind(
        self, connection: duckdb.DuckDBPyConnection, given: Mapping[str, object], model: DataModel = MODEL
    ) -> dict[str, Any]:
        """The values of the query's parameters, from what a person typed.

        Raises:
            QuestionError: a parameter is missing, unknown or no value of its type, or an entity is not found.
        """
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise QuestionError(f"{self.name} has no parameter {unknown[0]!r}.", f"Parameters: {known}.")
        return {
            name: _value(connection, parameter, given.get(name, parameter.default), model)
            for name, parameter in self.parameters.items()
        }


@cache
def templates(folder: Path = FOLDER, model: DataModel = MODEL) -> dict[str, Template]:
    """All templates, by name.

    Raises:
        TargetGraphError: a file's header is not understood; the message names file and line.
    """
    return {
        path.stem: parse(path.stem, path.read_text(encoding="utf-8"), model) for path in sorted(folder.glob("*.cypher"))
    }


def template(name: str) -> Template:
    """A template by its name.

    Raises:
        QuestionError: there is none.
    """
    known = templates()
    if name not in known:
        raise QuestionError(f"There is no template {name!r}.", f"Templates: {', '.join(known)}.")
    return known[name]


def parse(name: str, text: str, model: DataModel = MODEL) -> Template:
    """Read a template's text.

    Raises:
        TargetGraphError: the header is not understood or incomplete.
    """
    said: dict[str, str] = {}
    parameters: dict[str, Parameter] = {}
    lines = text.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    for number, line in enumerate(lines[:count], 1):
        found = _HEADER.match(line)
        if found is None:
            raise TargetGraphError(f"{name}.cypher, line {number}: {line!r} is no line of a header.")
        key, parameter, value = found.groups()
        if parameter is None:
            said[key] = value
        else:
            parameters[parameter] = _parameter(f"{name}.cypher, line {number}", parameter, value, model)
    missing = [key for key in ("title", "question") if key not in said]
    if missing:
        raise TargetGraphError(f"{name}.cypher has no {missing[0]}.")
    example = dict(part.split("=", 1) for part in said.get("example", "").split("; ") if part)
    query = "\n".join(lines[count:]).strip()
    unasked = sorted(set(parameters) ^ set(re.findall(r"\$(\w+)", query)))
    if unasked:
        raise TargetGraphError(f"{name}.cypher: ${unasked[0]} stands only in the header, or only in the query.")
    return Template(name, said["title"], said["question"], parameters, example, query)


def _parameter(where: str, name: str, value: str, model: DataModel) -> Parameter:
    found = _PARAMETER.match(value)
    if found is None:
        raise TargetGraphError(f"{where}: write `parameter {name}: TYPE = DEFAULT, meaning`.")
    is_list, type_, default, meaning = found.groups()
    if type_ not in PLAIN and type_ not in model.entities:
        raise TargetGraphError(f"{where}: {type_} is no type.", f"Types: {', '.join([*PLAIN, *model.entities])}.")
    return Parameter(name, type_, is_list is not None, default, meaning)


def _value(connection: duckdb.DuckDBPyConnection, parameter: Parameter, given: object, model: DataModel) -> Any:
    if given is None:
        raise QuestionError(f"The parameter {parameter.name!r} is missing.", f"It is {_described(parameter)}.")
    texts = _texts(parameter, given)
    if parameter.type in PLAIN:
        values = [_plain(parameter, text) for text in texts]
    else:
        values = _entities(connection, parameter, texts, model)
    return values if parameter.is_list else values[0]


def _texts(parameter: Parameter, given: object) -> list[str]:
    if not parameter.is_list:
        return [str(given)]
    if isinstance(given, list | tuple):
        texts = [str(one) for one in given]
    else:
        texts = split(str(given)) if parameter.type in PLAIN else str(given).splitlines()
    if not texts or len(texts) > MOST_IDENTIFIERS:
        raise QuestionError(f"{parameter.name}: {len(texts):,} values.", f"It is {_described(parameter)}.")
    return texts


def _plain(parameter: Parameter, text: str) -> Any:
    try:
        return PLAIN[parameter.type](text)
    except ValueError:
        raise QuestionError(f"{parameter.name}: {text!r} is no {parameter.type}.") from None


def _entities(
    connection: duckdb.DuckDBPyConnection, parameter: Parameter, texts: list[str], model: DataModel
) -> list[str]:
    if parameter.is_list:
        found = read_names(connection, texts, parameter.type, model).report
    else:
        found = resolve(connection, texts, parameter.type, model)
    lost = [one for one in found if one.id is None]
    if lost and not (parameter.is_list and len(lost) < len(found)):
        near = f" Perhaps: {', '.join(lost[0].candidates)}." if lost[0].candidates else ""
        raise QuestionError(f"{parameter.name}: {lost[0].given!r} is {lost[0].outcome}.", f"{lost[0].how}.{near}")
    return sorted({one.id for one in found if one.id is not None})


def _described(parameter: Parameter) -> str:
    return f"{_LIST if parameter.is_list else ''}{parameter.type}: {parameter.meaning}"
