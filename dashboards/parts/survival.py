"""Kaplan-Meier curves as a picture and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import streamlit as st

from analytics.common.survival import Comparison, Curve, Floats, at_risk, kaplan_meier, log_rank
from analytics.interactive.survival_groups import SMALLEST_GROUP, Grouped
from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from dashboards.theme import CATEGORIES

if TYPE_CHECKING:
    from dashboards.page import View
    from warehouse.analyst.samples import Selection

_DAYS_OF_YEAR = 365.25


def show_survival(view: View, found: Grouped, selection: Selection, question: str) -> None:
    """The test of the groups, their curves, which samples were used, and the figures as tables."""
    parts = {name: found.patients.filter(pl.col("group") == name) for name in found.names}
    arrays = {name: (part["time_days"].to_numpy(), part["event"].to_numpy()) for name, part in parts.items()}
    curves: dict[str, Curve] = {name: kaplan_meier(*both) for name, both in arrays.items()}
    test = log_rank(arrays)
    _show_figures(found, test)
    st.vega_lite_chart(curves_chart(curves), width="stretch")
    st.caption(plain(str(selection)))
    for name in found.suppressed:
        st.caption(f"The group {plain(name)} has fewer than {SMALLEST_GROUP} patients and is not shown.")
    show_table(view, risk_table(curves, arrays, test), question, key="groups")
    with st.expander("The curves as a table", icon=":material/table:"):
        show_table(view, curve_table(curves), f"Kaplan-Meier curves: {question}", key="curves")


def _show_figures(found: Grouped, test: Comparison) -> None:
    p_value, ratio, patients = st.columns(3)
    p_value.metric("Log-rank p", f"{test.p_value:.3g}", help=f"Chi-squared {test.statistic:.3f}", border=True)
    for one in test.hazard_ratios:
        ratio.metric(
            f"Hazard ratio, {one.group} vs {one.reference}",
            f"{one.ratio:.2f}",
            help=f"From observed and expected events; 95 % interval {one.lower:.2f} to {one.upper:.2f}. "
            f"Above 1: the event comes earlier in {one.group} than in {one.reference}, the reference.",
            border=True,
        )
    without = f"{found.without_value:,} have no value."
    patients.metric("Patients", f"{found.patients.height:,}", help=without, border=True)


def curves_chart(curves: Mapping[str, Curve]) -> dict[str, Any]:
    """Curves with their intervals, for Vega-Lite; a tick is a patient who was last seen without the event."""
    names = list(curves)
    legend = {"orient": "top", "symbolType": "stroke", "symbolSize": 300, "symbolOpacity": 1}
    group = {"field": "group", "type": "nominal", "title": None, "legend": legend}
    colour = group | {"scale": {"domain": names, "range": list(CATEGORIES[: len(names)])}}
    dash = group | {"scale": {"domain": names}}
    years = {"field": "years", "type": "quantitative", "title": "Years", "scale": {"nice": False}}
    years["axis"] = {"tickCount": 12}
    told = [
        {"field": "group", "type": "nominal"},
        {"field": "years", "type": "quantitative", "format": ".2f"},
        {"field": "survival", "type": "quantitative", "format": ".3f"},
        {"field": "at_risk", "type": "quantitative"},
    ]
    steps, common = {"values": _steps(curves).to_dicts()}, {"x": years, "color": colour}
    stepped = {"interpolate": "step-after"}
    layers = [
        {
            "data": steps,
            "mark": {"type": "area", "opacity": 0.15, **stepped},
            "encoding": common | {"y": _share("lower"), "y2": {"field": "upper"}},
        },
        {
            "data": steps,
            "mark": {"type": "line", "strokeWidth": 2.5, **stepped},
            "encoding": common | {"y": _share("survival"), "strokeDash": dash, "tooltip": told},
        },
        {
            "data": {"values": _censored(curves).to_dicts()},
            "mark": {"type": "tick", "thickness": 1.5, "height": 9, "orient": "vertical"},
            "encoding": common | {"y": _share("survival")},
        },
    ]
    return {"height": 420, "layer": layers}


def _share(field: str) -> dict[str, Any]:
    title = "Share without the event"
    return {"field": field, "type": "quantitative", "title": title, "scale": {"domain": [0, 1]}}


def _steps(curves: Mapping[str, Curve]) -> pl.DataFrame:
    """The points of the curves; each goes on to the last patient who was watched."""
    frames = []
    for name, curve in curves.items():
        last = max(float(curve.times[-1]), float(curve.censored_at[-1]) if len(curve.censored_at) else 0.0)
        columns = {
            "survival": curve.survival,
            "lower": curve.lower,
            "upper": curve.upper,
            "at_risk": curve.at_risk,
        }
        extended = {key: np.append(column, column[-1]) for key, column in columns.items()}
        years = np.append(curve.times, last) / _DAYS_OF_YEAR
        frames.append(pl.DataFrame({"group": [name] * len(years), "years": years, **extended}))
    # JSON has no number for what is none.
    return pl.concat(frames).with_columns(pl.col(pl.Float64).fill_nan(None))


def _censored(curves: Mapping[str, Curve]) -> pl.DataFrame:
    schema = {"group": pl.String, "years": pl.Float64, "survival": pl.Float64}
    frames = [
        pl.DataFrame(
            {
                "group": [name] * len(curve.censored_at),
                "years": curve.censored_at / _DAYS_OF_YEAR,
                "survival": curve.at(curve.censored_at),
            },
            schema=schema,
        )
        for name, curve in curves.items()
    ]
    return pl.concat(frames)


def risk_table(
    curves: Mapping[str, Curve], arrays: Mapping[str, tuple[Floats, Floats]], test: Comparison
) -> pl.DataFrame:
    """One row for each group: patients, events, the median, and how many are still watched after years."""
    longest = max(float(time.max()) for time, _event in arrays.values()) / _DAYS_OF_YEAR
    marks = [year for year in (1, 2, 3, 5, 10) if year <= longest]
    rows = [_row(name, curves[name], arrays[name][0], test, marks) for name in curves]
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(name: str, curve: Curve, time: Floats, test: Comparison, marks: list[int]) -> dict[str, Any]:
    low, high = curve.median_interval
    ratio = next((one for one in test.hazard_ratios if one.group == name), None)
    watched = at_risk(time, [year * _DAYS_OF_YEAR for year in marks])
    return {
        "group": name,
        "patients": curve.patients,
        "events": int(test.observed[name]),
        "expected_events": round(test.expected[name], 1),
        "median_days": curve.median,
        "median_from": low,
        "median_to": high,
        "hazard_ratio": None if ratio is None else ratio.ratio,
        "hazard_ratio_from": None if ratio is None else ratio.lower,
        "hazard_ratio_to": None if ratio is None else ratio.upper,
        **{f"watched_after_{year}_years": count for year, count in zip(marks, watched, strict=True)},
    }


def curve_table(curves: Mapping[str, Curve]) -> pl.DataFrame:
    """Every step of the curves."""
    return pl.concat(
        pl.DataFrame(
            {
                "group": [name] * len(curve.times),
                "time_days": curve.times,
                "survival": curve.survival,
                "lower_95": curve.lower,
                "upper_95": curve.upper,
                "at_risk": curve.at_risk.astype(int),
                "events": curve.events.astype(int),
            }
        )
        for name, curve in curves.items()
    )
