"""The tables that a run of `ecv` publishes; `comparison.findings` fills them."""

from __future__ import annotations

from warehouse.results.tables import Column, ResultTable, flag, number, numbers, text, texts, whole

__all__ = ["TABLES"]

_EDGE = (text("parent", "The parent: a column of the data"), text("child", "The child"))
_IDS = (
    text("parent_id", "The gene that the parent means", optional=True),
    text("child_id", "The gene that the child means", optional=True),
)
_FREQUENCY = number(
    "frequency", "Share of the bootstrap networks that have the edge; 1 of a single network", optional=True
)


def _compared(*columns: Column) -> tuple[Column, ...]:
    """Columns of a comparison of groups, which a run without groups leaves out."""
    return tuple(Column(each.name, each.type, each.meaning, each.unit, optional=True) for each in columns)


EDGES = ResultTable(
    "edges",
    "An edge in a comparison of groups; without groups, an edge.",
    (
        whole("rank", "Place in the comparison: significant edges first, then the largest difference"),
        *_EDGE,
        *_IDS,
        _FREQUENCY,
        number("edf", "Effective degrees of freedom of the curve"),
        number("mean_slope", "Mean slope over the samples", "units of the child per unit of the parent"),
        number("mean_ecv", "Mean absolute contribution over the samples", "units of the child"),
        texts("subnetworks", "The subnetworks that have the edge"),
        *_compared(
            text("contrast", "The comparison: second group against first"),
            number("difference", "Difference of the mean contributions", "units of the child"),
            number("delta_ecv", "Its absolute value", "units of the child"),
            number("p_value", "p-value of the relabelling test, 0 to 1"),
            number("q_value", "Corrected for all edges of the comparison, 0 to 1"),
            flag("significant", "Whether q_value is at most `--significance`"),
            number("lower", "Lower end of the 95 % interval of the difference", "units of the child"),
            number("upper", "Upper end of the 95 % interval of the difference", "units of the child"),
            number("parent_shift", "Difference of the parent's means", "units of the parent"),
            number("child_shift", "Difference of the child's means", "units of the child"),
            number("specificity", "Share of the child's shift that the edge explains"),
            number("residual_shift", "Difference of the child's means that no parent explains", "units of the child"),
            number("residual_q_value", "q-value of that difference, 0 to 1"),
        ),
    ),
)

VARIABLES = ResultTable(
    "variables",
    "A variable in a comparison of groups; without groups, a variable.",
    (
        text("variable", "A column of the data"),
        text("id", "The gene that it means"),
        whole("parents", "Parents in the network"),
        whole("children", "Children in the network"),
        number("explained", "Share of its variance that its parents explain, in the samples learned from"),
        number("residual_deviation", "Standard deviation that is left", "standard deviations of the variable"),
        whole("imputed", "Missing values that were filled in"),
        *_compared(
            text("contrast", "The comparison: second group against first"),
            number("shift", "Difference of its means", "units of the variable"),
            number("outgoing", "Sum of |difference| over the subnetwork's edges that go out from it"),
            whole("targets", "Children in the subnetwork"),
            number("downstream", "Sum of |difference| that is reached from it along the edges"),
            whole("reached", "Variables that are reached from it along the edges"),
            whole("hub_rank", "Place as a hub"),
            number("knock_down_effect", "Mean effect on all others when it is knocked down"),
            number("residual_shift", "Difference of its means that no parent explains", "units of the variable"),
            number("residual_q_value", "q-value of that difference, 0 to 1"),
        ),
    ),
)

TABLES = (
    EDGES,
    VARIABLES,
    ResultTable(
        "curves",
        "A point of the curve of an edge of a subnetwork.",
        (
            *_EDGE,
            number("x", "Value of the parent", "units of the parent"),
            number("contribution", "Its contribution to the child", "units of the child"),
        ),
        optional=True,
    ),
    ResultTable(
        "samples",
        "A sample on the curve of an edge of a subnetwork.",
        (
            *_EDGE,
            text("sample", "The sample"),
            text("group", "Its group"),
            number("x", "Value of the parent", "units of the parent"),
            number("contribution", "Contribution of the parent to the child", "units of the child"),
            number(
                "partial_residual", "The contribution with what all parents leave unexplained", "units of the child"
            ),
        ),
        optional=True,
    ),
    ResultTable(
        "functions",
        "The spline of an edge, with what it takes to evaluate it again.",
        (
            *_EDGE,
            _FREQUENCY,
            number("edf", "Effective degrees of freedom"),
            number("smoothing", "Smoothing parameter"),
            number("mean_slope", "Mean slope over the samples"),
            numbers("weights", "Weights of the basis functions", "units of the child"),
            number("low", "Lower end of the parent's range", "units of the parent"),
            number("high", "Upper end of the parent's range", "units of the parent"),
            number("constant", "Added, so that the mean contribution is 0", "units of the child"),
        ),
    ),
    ResultTable(
        "pairs",
        "An edge of the network of a pair of samples.",
        (
            *_EDGE,
            number("difference", "Contribution after, less that before", "units of the child"),
            whole("component", "Connected part of the pair's network"),
            text("pair", "The pair"),
            flag("responder", "Whether the pair responded"),
        ),
        optional=True,
    ),
    ResultTable(
        "missing_edges",
        "An edge of the common network and a pair that did not respond.",
        (*_EDGE, flag("missing", "Whether the pair's own network lacks the edge"), text("pair", "The pair")),
        optional=True,
    ),
)
