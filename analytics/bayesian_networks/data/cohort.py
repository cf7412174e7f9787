"""The data of one comparison: from a cohort in the warehouse or from files, with groups, pairs and gene ids."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.comparison.recipe import SamplePair
from analytics.bayesian_networks.data.cohort_samples import choose_samples, other_tissue
from analytics.bayesian_networks.data.dataset import Dataset, named
from analytics.bayesian_networks.data.groups import Groups
from analytics.bayesian_networks.data.selection import (
    groups_of_column,
    quantile_groups,
    strata_of_names,
    with_attributes,
)
from analytics.bayesian_networks.data.tables import (
    SampleTable,
    read_matrix,
    read_sample_table,
    read_table,
    shared_samples,
)
from analytics.bayesian_networks.interchange.delimited import refuse_repeated
from warehouse.analyst.samples import Samples
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    from analytics.analysis import RunContext
    from warehouse.matrices import MatrixArrays

__all__ = ["Cohort", "Wanted", "find_matrix", "read_cohort", "tier_of", "verify_choice"]

#: Kinds of matrices whose values can be variables of a network.
_KINDS = ("expression", "methylation", "copy_number")

_YES = {"yes": True, "true": True, "1": True, "responder": True, "no": False, "false": False, "0": False}
_YES |= {"non-responder": False, "nonresponder": False, "resistant": False, "sensitive": True}


@dataclass(frozen=True)
class Wanted:
    """What a user asked for, in words; the options of the analysis say what each means."""

    cohort: str | None = None
    matrix: Path | None = None
    samples: Samples = Samples.TUMOUR
    groups: str | None = None
    sample_table: Path | None = None
    contrast: tuple[str, ...] = ()
    strata: str | None = None
    pairs: Path | None = None
    clinical: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()
    variables: int | None = None
    drop_unusable: bool = False


@dataclass(frozen=True)
class Cohort:
    """What a comparison needs.

    Args:
        dataset: samples x variables.
        genes: the canonical id of the gene that a variable means, or None.
        groups: of samples; None where pairs are compared.
        pairs: of samples.
        notes: what a reader must know.
        patients: the patient of each sample, where it is known.
    """

    dataset: Dataset
    genes: Mapping[str, str | None]
    groups: Groups | None
    pairs: tuple[SamplePair, ...]
    notes: tuple[str, ...]
    patients: Mapping[str, str] = field(default_factory=dict)

    @property
    def apart(self) -> list[str]:
        """For each sample what must not be divided: its pair, its stratum, its patient, or itself."""
        labels = [self.patients.get(sample, sample) for sample in self.dataset.samples]
        strata = None if self.groups is None else self.groups.strata
        for row, stratum in enumerate([] if strata is None or self.patients else strata.tolist()):
            labels[row] = f"stratum {stratum}" if stratum >= 0 else labels[row]
        for pair in self.pairs:
            for row in (*pair.before, *pair.after):
                labels[row] = f"pair {pair.name}"
        return labels


@dataclass
class _Read:
    """A matrix with what is known of its samples."""

    dataset: Dataset
    genes: dict[str, str | None]
    patients: dict[str, str] = field(default_factory=dict)
    attributes: SampleTable | None = None
    meant: Mapping[str, str | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_cohort(wanted: Wanted, context: RunContext) -> Cohort:
    """Read the data that a user asked for.

    Raises:
        AnalysisError: not exactly one of cohort and matrix, neither groups nor pairs, something unknown or unusable;
            the message names it.
    """
    verify_choice(wanted)
    read = _from_files(wanted, context) if wanted.matrix is not None else _from_warehouse(wanted, context)
    samples = read.dataset.samples
    groups = None if wanted.pairs is not None else _groups(wanted, read, context)
    pairs = () if wanted.pairs is None else _pairs(wanted.pairs, samples, read.meant)
    chosen = _only_genes(wanted.genes, read, context) if wanted.genes else read.dataset
    dataset = _with_clinical(wanted, _most_variable(chosen, wanted.variables), read, context)
    return Cohort(dataset, read.genes, groups, pairs, tuple(read.notes), read.patients)


def verify_choice(wanted: Wanted) -> None:
    """Refuse what excludes one another or is not enough.

    Raises:
        AnalysisError: not exactly one of cohort and matrix, neither groups nor pairs, a contrast of other than two.
    """
    if (wanted.cohort is None) == (wanted.matrix is None):
        raise AnalysisError("Give either --cohort or --matrix.", "`targetgraph sql 'FROM matrices'` lists the cohorts.")
    if (wanted.groups is None and wanted.sample_table is None) == (wanted.pairs is None):
        raise AnalysisError("Give either --groups (or --sample-table) or --pairs.")
    if wanted.contrast and len(set(wanted.contrast)) != 2:
        raise AnalysisError(f"A contrast names two groups, not {len(wanted.contrast)}.", "--contrast A --contrast B")


def _from_files(wanted: Wanted, context: RunContext) -> _Read:
    assert wanted.matrix is not None
    matrix, table = read_matrix(wanted.matrix), None
    if wanted.sample_table is not None:
        table = read_sample_table(wanted.sample_table, (*matrix.rows, *matrix.columns))
        matrix, table = shared_samples(matrix, table)
    elif wanted.pairs is not None:
        # The pairs tell which side the samples are on.
        paired = _paired_samples(wanted.pairs)
        if len(paired.intersection(matrix.columns)) > len(paired.intersection(matrix.rows)):
            matrix = matrix.transposed()
    elif _grouped_by(wanted) in set(matrix.rows) - set(matrix.columns):
        # So does the gene that divides the samples.
        matrix = matrix.transposed()
    try:
        dataset = Dataset.of(matrix.values, matrix.columns, matrix.rows, drop_unusable=wanted.drop_unusable)
    except AnalysisError as error:
        raise AnalysisError(f"{wanted.matrix}: {error.message}", error.hint) from error
    left = len(matrix.columns) - len(dataset.variables)
    read = _Read(dataset, _gene_ids(dataset.variables, context), attributes=table)
    read.notes += [*matrix.notes, *(() if table is None else table.notes)]
    other = other_tissue(dataset.samples)
    if other:
        read.notes.append(f"{wanted.matrix.name}: by their barcodes {other}. All samples of a file are used.")
    if left:
        read.notes.append(f"{left} variables that are constant or have no value were left out.")
    return read


def _grouped_by(wanted: Wanted) -> str | None:
    kind, _, rest = (wanted.groups or "").partition(":")
    return rest.partition(":")[0] if kind == "expression" else None


def _only_genes(wanted: Sequence[str], read: _Read, context: RunContext) -> Dataset:
    """The variables that are these genes; which genes no variable is, the notes say."""
    ids = _gene_ids(wanted, context)
    by_name = {name: i for i, name in enumerate(read.dataset.variables)}
    by_id: dict[str, list[int]] = {}
    for name, gene in read.genes.items():
        if gene is not None and name in by_name:
            by_id.setdefault(gene, []).append(by_name[name])
    columns = {
        text: [*by_id.get(ids[text] or "", ()), *([by_name[text]] if text in by_name else [])] for text in wanted
    }
    absent = [text for text, found in columns.items() if not found]
    chosen = np.unique([i for found in columns.values() for i in found]).astype(np.intp)
    if len(chosen) < 2:
        raise AnalysisError(
            f"{len(chosen)} of the {len(wanted)} genes of --genes are in the matrix: a network needs two.",
            f"Not in the matrix: {named(absent)}.",
        )
    if absent:
        read.notes.append(
            f"{len(absent)} of the {len(wanted)} genes of --genes are not in the matrix: {named(absent)}."
        )
    return read.dataset.with_variables(chosen)


def _gene_ids(names: Sequence[str], context: RunContext) -> dict[str, str | None]:
    """The gene that each name means; of several accessions joined by `;` the first that means one."""
    from warehouse.analyst.identifiers import resolve
    from warehouse.answer import Limits

    parts = [name.split(";") for name in names]
    flat = list(dict.fromkeys(part for some in parts for part in some if part.strip()))
    # Thousands of accessions on a busy machine take longer than a question may.
    with context.warehouse.reading(Limits(timeout_s=threading.TIMEOUT_MAX, rows=1 << 40)) as connection:
        found = {one.given: one.id for one in resolve(connection, flat, "Gene")}
    return {name: next((found[p] for p in some if found.get(p)), None) for name, some in zip(names, parts, strict=True)}


def _from_warehouse(wanted: Wanted, context: RunContext) -> _Read:
    assert wanted.cohort is not None
    chosen = find_matrix(wanted.cohort, context)
    table = None if wanted.sample_table is None else read_sample_table(wanted.sample_table, _names(chosen, context))
    names = table.samples() if table is not None else sorted(_paired_samples(wanted.pairs)) if wanted.pairs else []
    used = choose_samples(chosen["matrix"], wanted.samples, names, wanted.sample_table or wanted.pairs, context)
    values, rows, ids = _gene_values(context.matrix(chosen["matrix"], rows=sorted(used.selection.rows)))
    symbols = _symbols(ids, context)
    dataset = Dataset.of(values, [symbols[one] for one in ids], rows, drop_unusable=wanted.drop_unusable)
    read = _Read(dataset, {symbols[one]: one for one in ids}, dict(used.selection.patients), meant=used.meant)
    read.notes.append(f"{chosen['matrix']}: {chosen['unit']}.")
    read.notes.append(str(used.selection))
    if table is not None:
        read.attributes = table.renamed(used.meant)
        read.notes += table.notes
    if used.left_out:
        read.notes.append(
            f"{len(used.left_out)} named samples are not {wanted.samples} and were left out: {named(used.left_out)}."
        )
    return read


def _names(matrix: Mapping[str, Any], context: RunContext) -> list[str]:
    """What a file may call the samples of a matrix, to see which way round the file is."""
    text = "SELECT unnest([sample_id, patient_id]) FROM matrix_samples WHERE matrix = $matrix ORDER BY ALL"
    ids = context.frame(text, matrix=matrix["matrix"]).to_series().drop_nulls().to_list()
    return [*ids, *(name.partition(":")[2] for name in ids)]


def _gene_values(matrix: MatrixArrays) -> tuple[NDArray[np.float64], list[str], list[str]]:
    """The values of genes with the ids of samples and genes, sorted; samples and genes without a value are left out."""
    genes = sorted((gene, place) for place, gene in enumerate(matrix.feature_ids) if gene is not None)
    values = matrix.dense()[:, [place for _gene, place in genes]].astype(np.float64)
    known = ~np.isnan(values)
    if not known.any():
        raise AnalysisError(f"{matrix.name} has no value of a gene.")
    rows, columns = (np.flatnonzero(known.any(axis=axis)) for axis in (1, 0))
    samples, ids = [matrix.rows[row] for row in rows], [genes[column][0] for column in columns]
    return np.asfortranarray(values[np.ix_(rows, columns)]), samples, ids


def find_matrix(cohort: str, context: RunContext) -> dict[str, Any]:
    """The matrix that a name means: its own, or the only one of expression of a cohort.

    Raises:
        AnalysisError: there is none, or there are several.
    """
    found = context.frame(
        "SELECT matrix, kind, cohort_id, unit, c.name AS cohort FROM matrices m LEFT JOIN cohort c "
        "ON m.cohort_id = c.id ORDER BY matrix"
    ).to_dicts()
    usable = [one for one in found if one["kind"] in _KINDS]
    exact = [one for one in usable if one["matrix"] == cohort]
    wanted = cohort.lower()
    of_cohort = [
        one
        for one in usable
        if one["kind"] == "expression"
        and (one["matrix"].startswith(wanted + "_") or wanted in {_lower(one["cohort_id"]), _lower(one["cohort"])})
    ]
    chosen = exact or of_cohort
    if len(chosen) == 1:
        return chosen[0]
    names = named([one["matrix"] for one in chosen or usable])
    if chosen:
        raise AnalysisError(f"{cohort} has several matrices of expression: {names}.", "Name one of them.")
    raise AnalysisError(f"There is no matrix of {cohort!r}.", f"Matrices: {names}.")


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _symbols(ids: Sequence[str], context: RunContext) -> dict[str, str]:
    """Symbols, where no other gene has the same; else ids."""
    found = context.frame("SELECT id, symbol FROM gene WHERE id IN (SELECT unnest($ids)) ORDER BY id", ids=list(ids))
    symbol = dict(found.iter_rows())
    counts: dict[str, int] = {}
    for name in symbol.values():
        counts[name] = counts.get(name, 0) + 1
    return {one: symbol[one] if symbol.get(one) and counts[symbol[one]] == 1 else one for one in ids}


def _groups(wanted: Wanted, read: _Read, context: RunContext) -> Groups:
    samples = read.dataset.samples
    named_groups = _named_groups(wanted, read, context)
    strata = None if wanted.strata is None else _strata(wanted.strata, read, context)
    missing = [name for name in wanted.contrast if name not in named_groups]
    if missing:
        raise AnalysisError(f"There is no group {named(missing)}.", f"Groups: {named(list(named_groups))}.")
    chosen = {name: named_groups[name] for name in wanted.contrast} if wanted.contrast else named_groups
    groups = Groups.of(chosen, samples, strata)
    rest = len(samples) - sum(map(len, groups.members))
    if rest:
        read.notes.append(f"{rest} samples belong to no group: the network is learned from them too.")
    return groups


def _named_groups(wanted: Wanted, read: _Read, context: RunContext) -> dict[str, list[str]]:
    words = wanted.groups or "group"
    kind, _, rest = words.partition(":")
    if kind == "expression" and rest:
        gene, _, share = rest.partition(":")
        return quantile_groups(gene, _values_of(gene, read.dataset), _share(share))
    if kind == "mutation" and rest:
        return _by_mutation(rest, read, context)
    return groups_of_column(words, _attribute(words, read, context), wanted.contrast)


def _share(text: str) -> float:
    try:
        return float(text) if text else 0.25
    except ValueError:
        raise AnalysisError(f"{text!r} is no share of the samples.", "As in expression:EGFR:0.25.") from None


def _values_of(gene: str, dataset: Dataset) -> dict[str, float]:
    if gene not in dataset.variables:
        raise AnalysisError(
            f"{gene} is not among the {len(dataset.variables)} variables of the matrix.",
            f"Write it as the matrix does: {named(list(dataset.variables))}.",
        )
    column = dataset.values[:, dataset.variables.index(gene)]
    pairs = zip(dataset.samples, column.tolist(), strict=True)
    return {sample: value for sample, value in pairs if np.isfinite(value)}


_MUTATED = """WITH wanted AS (SELECT id FROM gene WHERE symbol = $gene OR id = $gene)
SELECT patient_id, max(value) AS mutated FROM mutation_status WHERE gene_id IN (FROM wanted) AND represents_patient
GROUP BY ALL ORDER BY ALL"""


def _by_mutation(gene: str, read: _Read, context: RunContext) -> dict[str, list[str]]:
    found = dict(context.frame(_MUTATED, gene=gene).iter_rows())
    if not found:
        raise AnalysisError(f"No matrix of mutations has {gene}.", "`FROM mutation_status` holds those there are.")
    status = {sample: found.get(read.patients.get(sample, sample)) for sample in read.dataset.samples}
    return {
        f"{gene} wild type": [sample for sample, value in status.items() if value == 0],
        f"{gene} mutated": [sample for sample, value in status.items() if value is not None and value > 0],
    }


def _attribute(column: str, read: _Read, context: RunContext) -> dict[str, str]:
    """An attribute of the samples: of the file of groups, else of the warehouse's patients or samples."""
    if read.attributes is not None and column in read.attributes.frame.columns:
        return read.attributes.column(column)
    if not read.patients:
        known = [] if read.attributes is None else [one for one in read.attributes.frame.columns if one != "sample"]
        raise AnalysisError(f"Nothing is known of {column!r}.", f"Columns: {named(known) or 'none'}.")
    for table, of in (("patient", read.patients), ("sample", {sample: sample for sample in read.dataset.samples})):
        columns = context.frame(f"SELECT * FROM {table} LIMIT 0").columns
        if column in columns:
            # The name is one of the table's own columns.
            values = dict(context.frame(f'SELECT id, CAST("{column}" AS VARCHAR) FROM {table} ORDER BY id').iter_rows())
            found = {sample: values.get(key) for sample, key in of.items()}
            return {sample: found[sample] for sample in read.dataset.samples if found.get(sample) is not None}  # type: ignore[misc]
    known = [*context.frame("SELECT * FROM patient LIMIT 0").columns, *context.frame("FROM sample LIMIT 0").columns]
    raise AnalysisError(
        f"{column!r} is no column of patients or samples.",
        f"Columns: {', '.join(known)}. Groups of your own: --sample-table FILE.",
    )


def _strata(words: str, read: _Read, context: RunContext) -> dict[str, str]:
    if words == "patient" and read.patients:
        return {sample: read.patients.get(sample, sample) for sample in read.dataset.samples}
    if "(" in words:
        return strata_of_names(words, read.dataset.samples)
    return _attribute(words, read, context)


def _paired_samples(path: Path) -> set[str]:
    frame = read_table(path).frame
    cells = [cell for column in ("before", "after") if column in frame.columns for cell in frame[column].drop_nulls()]
    return {name.strip() for cell in cells for name in cell.split(";")}


def _pairs(path: Path, samples: Sequence[str], meant: Mapping[str, str | None]) -> tuple[SamplePair, ...]:
    """Lines of pair, before, after and, where it is known, responder; `meant` has the sample of each name."""
    table = read_table(path)
    missing = [name for name in ("pair", "before", "after") if name not in table.frame.columns]
    if missing:
        raise AnalysisError(f"{path} has no column {named(missing)}.", "Columns: pair, before, after, responder.")
    row = {name: i for i, name in enumerate(samples)}
    row |= {name: row[sample] for name, sample in meant.items() if sample in row}
    other = sorted(name for name, sample in meant.items() if sample is None)
    if other:
        raise AnalysisError(f"{path} names samples of another tissue: {named(other)}.", "Use them: --samples both.")
    pairs, seen, places = [], [], []
    for place, line in zip(table.places, table.frame.iter_rows(named=True), strict=True):
        if not line["pair"]:
            raise AnalysisError(f"{path}, {place}: the pair has no name.", "Give every pair a name of its own.")
        ends = [tuple(name.strip() for name in (line[end] or "").split(";")) for end in ("before", "after")]
        unknown = [name for end in ends for name in end if name not in row]
        if unknown:
            raise AnalysisError(
                f"{path}, {place}: unknown samples {', '.join(name or '(empty)' for name in unknown)}.",
                f"The samples are: {named(samples)}.",
            )
        both = sorted(set(ends[0]) & set(ends[1]))
        if both:
            raise AnalysisError(f"{path}, {place}: {named(both)} is on both sides.", "A pair has samples of its own.")
        seen += [name for end in ends for name in end]
        places += [place] * sum(map(len, ends))
        before, after = (tuple(row[name] for name in end) for end in ends)
        responder = _responder(line.get("responder"), f"{path}, {place}")
        pairs.append(SamplePair(line["pair"], before, after, responder))
    if not pairs:
        raise AnalysisError(f"{path} has no pair.", "One line for each: pair, before, after, responder.")
    refuse_repeated(str(path), [pair.name for pair in pairs], table.places, "pairs")
    # A sample in two pairs would count twice, and its labels could not be exchanged within one pair.
    refuse_repeated(str(path), seen, places, "samples")
    return tuple(pairs)


def _responder(word: str | None, where: str) -> bool | None:
    if word is None:
        return None
    if word.lower() not in _YES:
        raise AnalysisError(f"{where}: responder is {word!r}.", "Write yes or no, or leave it empty.")
    return _YES[word.lower()]


def _most_variable(dataset: Dataset, count: int | None) -> Dataset:
    if count is None or count >= len(dataset.variables):
        return dataset
    variance = np.nanvar(dataset.values, axis=0)
    return dataset.with_variables(np.sort(np.argsort(-variance, kind="stable")[:count]))


def _with_clinical(wanted: Wanted, dataset: Dataset, read: _Read, context: RunContext) -> Dataset:
    if not wanted.clinical:
        return dataset
    attributes, tiers = {}, {}
    for words in wanted.clinical:
        name, tier = tier_of(words)
        values = _attribute(name, read, context)
        if len(set(values.values())) < 2:
            read.notes.append(f"{name} has the same value in all samples: it is no variable.")
            continue
        attributes[name] = values
        if tier is not None:
            tiers[name] = tier
    return with_attributes(dataset, attributes, tiers)


def tier_of(words: str) -> tuple[str, int | None]:
    """The column and the tier that `COLUMN[:TIER]` names; None = the usual tier.

    Raises:
        AnalysisError: the tier is not a number.
    """
    name, _, tier = words.partition(":")
    if tier and not tier.isdecimal():
        raise AnalysisError(f"--clinical {words}: {tier!r} is not a tier.", "As in --clinical stage:2.")
    return name, int(tier) if tier else None
