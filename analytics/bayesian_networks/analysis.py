"""Gene networks that differ between groups: the binding of the Bayesian networks to the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from analytics.analysis import Analysis, Findings, RunContext
from analytics.bayesian_networks.assessment.plan import PLAN
from analytics.bayesian_networks.comparison.tables import TABLES
from analytics.bayesian_networks.run_options import Options

if TYPE_CHECKING:
    from analytics.bayesian_networks.comparison.recipe import RecipeOptions
    from analytics.bayesian_networks.data.cohort import Cohort
    from analytics.bayesian_networks.network import Network


def run(options: Options, context: RunContext) -> Findings:
    """Read, learn, compare, and hand back."""
    from analytics.bayesian_networks.assessment.held_out import assess, learn_or_take
    from analytics.bayesian_networks.comparison.findings import findings
    from analytics.bayesian_networks.comparison.recipe import compare

    cohort = _cohort(options, context)
    recipe, network = _recipe(options, context), _given_network(options, cohort)
    compared = compare(
        cohort.dataset,
        groups=cohort.groups,
        pairs=cohort.pairs,
        network=network,
        options=recipe,
        seed=context.seed,
        workers=context.workers,
        scheduler=context.scheduler,
        checkpoint=context.checkpoint,
        progress=context.progress,
    )
    learn = partial(learn_or_take, network, recipe.learning)
    given = compared.fitted.prepared, cohort.apart, learn, recipe.fitting
    evidence = assess(*given, seed=context.seed, progress=context.progress)
    return replace(findings(compared, cohort.genes, cohort.groups, cohort.notes), evidence=evidence)


def check(options: Options, context: RunContext) -> Options:
    """Refuse what cannot be run, before a run exists; lists and files of genes become their genes."""
    from analytics.bayesian_networks.choices import checked

    _recipe(options, context)
    return checked(options, context)


def plan(options: Options, context: RunContext) -> Mapping[str, Any]:
    """The size of what would be run."""
    cohort = _cohort(options, context)
    told: dict[str, Any] = {"samples": len(cohort.dataset.samples), "variables": len(cohort.dataset.variables)}
    if cohort.groups is not None:
        pairs = zip(cohort.groups.names, cohort.groups.members, strict=True)
        told |= {f"group {name}": len(rows) for name, rows in pairs}
    return told | ({"pairs": len(cohort.pairs)} if cohort.pairs else {})


def _cohort(options: Options, context: RunContext) -> Cohort:
    from analytics.bayesian_networks.choices import wanted_of
    from analytics.bayesian_networks.data.cohort import read_cohort

    with context.progress.task("read matrix", total=1) as task:
        cohort = read_cohort(wanted_of(options), context)
        task.advance()
    return cohort


def _recipe(options: Options, context: RunContext) -> RecipeOptions:
    from analytics.bayesian_networks.comparison.recipe import RecipeOptions
    from analytics.bayesian_networks.search.options import LearningOptions

    learning = LearningOptions(
        method=options.method.value,
        functions=options.functions.value,
        edge_penalty=options.edge_penalty,
        maximum_parents=options.maximum_parents,
        seed=context.seed,
        threads=context.workers,
    )
    return RecipeOptions(
        learning=learning,
        log2=options.log2,
        quantile_normalise=options.quantile_normalise,
        outlier_distance=options.outlier_distance,
        maximum_missing=options.maximum_missing,
        replicates=options.replicates,
        least_frequency=options.least_frequency,
        permutations=options.permutations,
        significance=options.significance,
        top_percent=options.top_percent,
        link=options.link,
        threshold=options.threshold,
        minimum_shift=options.minimum_shift,
        same_sign=options.same_sign,
    )


def _given_network(options: Options, cohort: Cohort) -> Network | None:
    if options.network is None:
        return None
    from analytics.bayesian_networks.interchange.edge_table import read_edge_table

    return read_edge_table(options.network).to_network(
        cohort.dataset.variables, drop_unknown=True, drop_self_loops=True
    )


ANALYSIS = Analysis(
    name="ecv",
    title="Gene networks that differ between groups",
    description="Learns a Bayesian network of genes; finds edges that differ between groups or pairs of samples.",
    options=Options,
    run=run,
    predicts=("REGULATES", "Subnetwork", "HAS_MEMBER"),
    sample={"cohort": "tcga_luad", "groups": "vital_status", "permutations": 200, "top_percent": 50.0},
    tables=TABLES,
    evidence=PLAN,
    reference="Tanaka et al., Biomolecules 10:306 (2020)",
    extra="analytics",
    plan=plan,
    check=check,
)
