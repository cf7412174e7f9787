"""What a user chose, checked against the build before a run exists; lists and files of genes become their genes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.bayesian_networks.data.cohort import Wanted, find_matrix, tier_of, verify_choice
from analytics.bayesian_networks.data.dataset import named
from analytics.bayesian_networks.data.tables import read_table
from analytics.bayesian_networks.interchange.edge_table import read_edge_table
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    from analytics.analysis import RunContext
    from analytics.bayesian_networks.run_options import Options

__all__ = ["checked", "wanted_of"]

#: How a file of genes looks, as no symbol does.
_FILE = re.compile(r".*[/\\].*|.*\.(txt|csv|tsv|list)", re.IGNORECASE)


def wanted_of(options: Options) -> Wanted:
    """The data that the options ask for."""
    return Wanted(
        cohort=options.cohort,
        matrix=options.matrix,
        samples=options.samples,
        groups=options.groups,
        sample_table=options.sample_table,
        contrast=options.contrast,
        strata=options.strata,
        pairs=options.pairs,
        clinical=options.clinical,
        genes=options.genes,
        variables=options.variables,
        drop_unusable=options.drop_unusable,
    )


def checked(options: Options, context: RunContext) -> Options:
    """The options, with lists and files of genes replaced by the genes.

    Raises:
        AnalysisError: options that exclude one another, out of range, or that name a cohort, a list or a file that is
            not there.
    """
    verify_choice(wanted_of(options))
    for flag, value in (("--top-percent", options.top_percent), ("--threshold", options.threshold)):
        if not value > 0:
            raise AnalysisError(f"{flag} is {value:g}; it must be above 0.")
    for words in options.clinical:
        tier_of(words)
    if options.strata is not None and "(" in options.strata:
        _verify_pattern(options.strata)
    if options.cohort is not None:
        find_matrix(options.cohort, context)
    for path in (options.sample_table, options.pairs):
        if path is not None:
            read_table(path)
    if options.network is not None:
        read_edge_table(options.network)
    return replace(options, genes=_listed(options.genes, context))


def _verify_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise AnalysisError(f"--strata {pattern!r} is not a regular expression: {error}.") from error


def _listed(words: Sequence[str], context: RunContext) -> tuple[str, ...]:
    """The genes that words name, sorted: those of a stored list or a file, or a gene itself."""
    genes: set[str] = set()
    for word in words:
        genes.update(_genes_of(word, context))
    if words and not genes:
        raise AnalysisError(f"--genes {named(list(words))}: there is no gene in it.")
    return tuple(sorted(genes))


def _genes_of(word: str, context: RunContext) -> Sequence[str]:
    from warehouse.analyst.columns import identifiers_of, text_of
    from warehouse.analyst.lists import Lists
    from warehouse.home import Home

    lists = Lists(Home(context.warehouse.build.folder.parent.parent))
    if word in lists.names():
        kept = lists.get(word)
        if kept.type != "Gene":
            raise AnalysisError(f"--genes {word}: the list holds entities of the type {kept.type}, not genes.")
        return kept.ids
    if _FILE.fullmatch(word) or Path(word).is_file():
        try:
            content = Path(word).read_bytes()
        except OSError as error:
            raise AnalysisError(f"--genes: {word} cannot be read: {error.strerror}.") from error
        return identifiers_of(text_of(content, word))[0]
    return [word.strip()]
