"""How types are told apart in pictures of networks: by colour and line, by colour and shape; never two alike."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from html import escape

from dashboards.theme import ON_DARK, ON_WHITE

#: Lengths of dashes and gaps in pixels; empty: a solid line.
Line = tuple[int, ...]
#: The line of predictions, which ECharts calls `dashed`.
DASHED: Line = (7, 4)
_SHAPES = ("circle", "rect", "triangle", "diamond")


def edge_styles(
    types: Iterable[str], predicted: Collection[str] = (), *, dark: bool = False
) -> dict[str, tuple[str, Line]]:
    """A colour and a line for each type of edge, each pair once.

    Args:
        types: the types in one picture.
        predicted: those of them that analyses predict: they are dashed, and no others.
        dark: whether the ground is dark.
    """
    colours = ON_DARK if dark else ON_WHITE
    styles: dict[str, tuple[str, Line]] = {}
    for line_of, names in ((_line, set(types) - set(predicted)), (_dashes, set(types) & set(predicted))):
        for index, name in enumerate(sorted(names)):
            styles[name] = colours[index % len(colours)], line_of(index // len(colours))
    return dict(sorted(styles.items()))


def node_styles(categories: Iterable[str], *, dark: bool = False) -> dict[str, tuple[str, str]]:
    """A colour and a shape, as ECharts names it, for each category of nodes, each pair once."""
    colours = ON_DARK if dark else ON_WHITE
    return {
        name: (colours[index % len(colours)], _shape(index // len(colours)))
        for index, name in enumerate(sorted(set(categories)))
    }


def legend_of_edges(styles: dict[str, tuple[str, Line]]) -> str:
    """Short lines with names, as HTML."""
    parts = [
        f'<span style="white-space:nowrap"><span aria-hidden="true" style="display:inline-block;width:44px;height:3px;'
        f'{_drawn(colour, line)};vertical-align:middle;margin-right:.35em"></span>{escape(name)}</span>'
        for name, (colour, line) in styles.items()
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2em 1.2em;font-size:.85em">{"".join(parts)}</div>'


def _line(round_: int) -> Line:
    """Solid, dotted, then a long dash with one, two, three dots."""
    return () if round_ == 0 else (2, 4) if round_ == 1 else (11, 3, *(2, 3) * (round_ - 1))


def _dashes(round_: int) -> Line:
    """Dashes, then pairs of dashes with a wide gap, then threes."""
    return DASHED if round_ == 0 else (*DASHED * round_, 7, 12)


def _shape(round_: int) -> str:
    """A shape that ECharts knows, then stars with five points, six, and so on."""
    return _SHAPES[round_] if round_ < len(_SHAPES) else _star(round_ + 1)


def _star(points: int) -> str:
    corners = []
    for step in range(2 * points):
        radius, angle = (50 if step % 2 == 0 else 22), math.pi * step / points
        corners.append(f"{50 + radius * math.sin(angle):.1f},{50 - radius * math.cos(angle):.1f}")
    return f"path://M{'L'.join(corners)}Z"


def _drawn(colour: str, line: Line) -> str:
    """The line as a background: a browser's border knows fewer lines than ECharts."""
    if not line:
        return f"background:{colour}"
    stops, place = [], 0
    for index, length in enumerate(line):
        ink = colour if index % 2 == 0 else "transparent"
        stops.append(f"{ink} {place}px {place + length}px")
        place += length
    return f"background:repeating-linear-gradient(to right,{','.join(stops)})"
