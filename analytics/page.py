"""The page of the docs that tells of every analysis, made from the declarations."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict
from enum import Enum
from functools import partial
from typing import Any

from analytics.analysis import Analysis
from analytics.options import OptionInfo, declared_options
from warehouse.extras import install_command
from warehouse.results.evidence import EvidencePlan
from warehouse.results.tables import Column, ResultTable

_HEAD = """# The analyses

This page is made from the declarations in `analytics/*/analysis.py` (`targetgraph analyze --markdown`); a test holds it
to them. What runs have in common, how results are asked and how they are taken back: [results](results.md).
"""


def page(analyses: Iterable[Analysis[Any]]) -> str:
    """The page `docs/analyses.md`."""
    return "\n".join([_HEAD, *(_section(one) for one in analyses)]).rstrip() + "\n"


def _section(analysis: Analysis[Any]) -> str:
    extra = f"\n\nNeeds the extra `{analysis.extra}`: {install_command(analysis.extra)}." if analysis.extra else ""
    reference = f" Reference: {analysis.reference}." if analysis.reference else ""
    predicts = ", ".join(f"`{name}`" for name in analysis.predicts)
    lines = ["| option | default | meaning | example |", "|---|---|---|---|"]
    lines += [_row(one) for one in declared_options(analysis)]
    sample = "".join(f" {word}" for word in sample_words(analysis))
    return f"""## {analysis.name}

{analysis.title}. {analysis.description}{reference} Predicts {predicts}.{extra}

    targetgraph analyze {analysis.name} --sample{sample}

{chr(10).join(lines)}
{_evidence(analysis.evidence)}{"".join(map(partial(_table, analysis.name), analysis.tables))}"""


def _evidence(plan: EvidencePlan | None) -> str:
    if plan is None:
        return ""
    rows = [f"| {name.replace('_', ' ')} | {text} |" for name, text in asdict(plan).items()]
    return f"""
Evidence of quality, measured by every run ([what the words mean](results.md#evidence-of-quality)):

| what | |
|---|---|
{chr(10).join(rows)}
"""


def _table(analysis: str, table: ResultTable) -> str:
    rows = [f"| `{column.name}` | {column.type} | {column.unit} | {_meaning(column)} |" for column in table.columns]
    where = " Left out where it does not apply." if table.optional else ""
    return f"""
Table `{analysis}_{table.name}`: {table.meaning[0].lower()}{table.meaning[1:]}{where}

| column | type | unit | meaning |
|---|---|---|---|
| `run` | VARCHAR |  | The run |
{chr(10).join(rows)}
"""


def _meaning(column: Column) -> str:
    return f"{column.meaning} (may be left out)" if column.optional else column.meaning


def sample_words(analysis: Analysis[Any]) -> list[str]:
    """The options with which it runs on the sample, as words of a command line."""
    words = []
    for name, value in analysis.sample.items():
        for one in value if isinstance(value, tuple) else (value,):
            words += ["--" + name.replace("_", "-"), shlex.quote(str(one.value if isinstance(one, Enum) else one))]
    return words


def _row(declared: OptionInfo) -> str:
    default = (
        "must be given" if declared.required else "" if declared.default in {None, ()} else _said(declared.default)
    )
    meaning = declared.meaning + (" (again for more)" if declared.many else "")
    if issubclass(declared.type, Enum):
        meaning += ": " + ", ".join(_said(one) for one in declared.type)
    example = "" if declared.example is None else f"`{declared.example}`"
    return f"| `{declared.flag}` | {default} | {meaning} | {example} |"


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_said(one) for one in value)
    return f"`{value.value if isinstance(value, Enum) else value}`"
