"""EDF, the expression data format of SiGN-BN and INGOR: genes in lines, samples in columns.

`# comment`, `$Key value` (meta data), `@Attribute v1 ... vn` (of the samples), then one line a gene: its name and n
values, separated by tabs or commas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.interchange.cells import numbers
from analytics.bayesian_networks.interchange.text import read_text, write_text
from warehouse.errors import AnalysisError


@dataclass(frozen=True)
class ExpressionFile:
    """What an EDF file holds.

    Args:
        variables: names of the lines.
        values: samples x variables (the file has it the other way round), NaN where a value is missing.
        metadata: the lines with `$`.
        attributes: the lines with `@`, one value a sample as a rule.
    """

    variables: tuple[str, ...]
    values: NDArray[np.float64]
    metadata: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]

    def samples(self, attribute: str | None = None) -> tuple[str, ...]:
        """Names of the samples: the values of an attribute, or s1, s2, ...

        Raises:
            AnalysisError: there is no such attribute, it has another number of values, or a value twice.
        """
        count = len(self.values)
        if attribute is None:
            return tuple(f"s{number}" for number in range(1, count + 1))
        names = self.attributes.get(attribute, ())
        if len(names) != count or len(set(names)) < count:
            known = ", ".join(self.attributes) or "none"
            raise AnalysisError(
                f"The attribute {attribute} does not name each of {count} samples.", f"Attributes: {known}"
            )
        return names


def read_edf(path: Path) -> ExpressionFile:
    """Read an EDF file.

    Raises:
        AnalysisError: no gene, lines of unequal length, a gene twice, a value that is no number; with file and line.
    """
    text = read_text(path)
    separator = "\t" if "\t" in text else ","
    metadata: dict[str, str] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    genes: dict[str, NDArray[np.float64]] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *words = [word.strip() for word in line.split(separator)]
        if name.startswith("$"):
            metadata[name[1:]] = separator.join(words)
        elif name.startswith("@"):
            attributes[name[1:]] = tuple(words)
        else:
            _verify_gene(path, number, name, words, genes)
            genes[name] = numbers(f"{path}, line {number}", words, [str(i) for i in range(2, len(words) + 2)])
    if not genes:
        raise AnalysisError(f"{path}: there is no gene.", "EDF has one line a gene: its name and its values.")
    return ExpressionFile(tuple(genes), np.column_stack(list(genes.values())), metadata, attributes)


def write_edf(
    path: Path, variables: tuple[str, ...], values: NDArray[np.float64], samples: tuple[str, ...] = ()
) -> None:
    """Write a matrix (samples x variables) as EDF, tab-separated; samples become the attribute `SampleID`.

    Raises:
        AnalysisError: a name that EDF would read as something else, or the file cannot be written.
    """
    for name in (*variables, *samples):
        if not name.strip() or name != name.strip() or any(character in name for character in "\t\n\r"):
            raise AnalysisError(f"EDF cannot hold the name {name!r}.")
    for name in variables:
        if name[0] in "#$@":
            raise AnalysisError(f"EDF cannot hold the name {name!r}: it would be read as a comment or an attribute.")
    lines = ["$Version\t1.0"]
    if samples:
        lines.append("\t".join(("@SampleID", *samples)))
    for name, column in zip(variables, values.T, strict=True):
        lines.append("\t".join((name, *("" if np.isnan(value) else repr(float(value)) for value in column))))
    write_text(path, "\n".join(lines) + "\n")


def _verify_gene(path: Path, line: int, name: str, words: list[str], genes: Mapping[str, NDArray[np.float64]]) -> None:
    if name in genes:
        raise AnalysisError(f"{path}, line {line}: {name} is there twice.", "Variables need names of their own.")
    expected = len(next(iter(genes.values()))) if genes else len(words)
    if not name or not words or len(words) != expected:
        raise AnalysisError(f"{path}, line {line}: {len(words)} values for {expected} samples ({name or 'no name'}).")
