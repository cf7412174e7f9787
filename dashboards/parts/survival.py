"""Kaplan-Meier curves as a picture and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import polars as pl
import streamlit as st

from analytics.survival.estimators import Comparison, Curve, Floats, at_risk
from dashboards.theme import CATEGORIES

_DAYS_OF_YEAR = 365.25


def show_curves(curves: Mapping[str, Curve]) -> None:
    """Draw curves with their intervals; a tick is a patient who was last seen without the event."""
    names = list(curves)
    colour = alt.Color(
        "group:N",
        scale=alt.Scale(domain=names, range=list(CATEGORIES[: len(names)])),
        legend=alt.Legend(orient="top"),
        title=None,
    )
    steps = alt.Chart(_steps(curves).to_arrow())
    years = alt.X("years:Q", title="Years", scale=alt.Scale(nice=False))
    share = alt.Scale(domain=[0, 1])
    band = steps.mark_area(interpolate="step-after", opacity=0.15).encode(
        x=years, y=alt.Y("lower:Q", scale=share, title="Share without the event"), y2="upper:Q", color=colour
    )
    line = steps.mark_line(interpolate="step-after", strokeWidth=2.5).encode(
        x=years,
        y=alt.Y("survival:Q", scale=share),
        color=colour,
        strokeDash=alt.StrokeDash("group:N", sort=names, legend=None),
        tooltip=["group:N", alt.Tooltip("years:Q", format=".2f"), alt.Tooltip("survival:Q", format=".3f"), "at_risk:Q"],
    )
    ticks = (
        alt.Chart(_censored(curves).to_arrow())
        .mark_tick(thickness=1.5, height=9, orient="vertical")
        .encode(x=years, y=alt.Y("survival:Q", scale=share), color=colour)
    )
    layers = alt.layer(band, line, ticks).properties(height=420)
    st.altair_chart(layers, width="stretch")


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
    return pl.concat(frames)


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
    watched = at_risk(time, [year * _DAYS_OF_YEAR for year in marks])
    return {
        "group": name,
        "patients": curve.patients,
        "events": int(test.observed[name]),
        "expected_events": round(test.expected[name], 1),
        "median_days": curve.median,
        "median_from": low,
        "median_to": high,
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
