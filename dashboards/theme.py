"""Colours that people with any colour vision can tell apart, and the look of the dashboard in light and dark.

The categorical palette is that of Okabe and Ito (2008), without its yellow, which is too faint on white.
"""

from __future__ import annotations

#: Colours for categories, each told from the others with any colour vision, on white and on dark grey.
CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C6BB1", "#7F7F7F")
#: For marks that also differ by line or shape: each has a contrast of at least 3 : 1 to its ground, and can be told
#: from the others with any colour vision.
ON_DARK = CATEGORIES[:6]
ON_WHITE = ("#005A8C", "#B84C00", "#008A64", "#CC79A7", "#3D9CD8", "#C48700")
#: From low to high.
SEQUENCE = (
    "#440154",
    "#482878",
    "#3E4A89",
    "#31688E",
    "#26828E",
    "#1F9E89",
    "#35B779",
    "#6CCE59",
    "#B4DE2C",
    "#FDE725",
)
#: From one side to the other, through a neutral middle: blue and orange.
DIVERGING = (
    "#08519C",
    "#3182BD",
    "#6BAED6",
    "#9ECAE1",
    "#E0E0E0",
    "#FDD0A2",
    "#FDAE6B",
    "#F16913",
    "#D94801",
    "#8C2D04",
)

#: Streamlit's options for the look.
OPTIONS: dict[str, object] = {
    "theme.baseFontSize": 15,
    "theme.headingFontSizes": ["1.9rem", "1.45rem", "1.2rem", "1.05rem", "1rem", "0.9rem"],
    "theme.chartCategoricalColors": list(CATEGORIES),
    "theme.chartSequentialColors": list(SEQUENCE),
    "theme.chartDivergingColors": list(DIVERGING),
    "theme.showWidgetBorder": True,
    "theme.metricValueFontSize": "1.5rem",
    "theme.paddingTop": "2.5rem",
    "theme.light.primaryColor": "#005A8C",
    "theme.light.backgroundColor": "#FFFFFF",
    "theme.light.secondaryBackgroundColor": "#F2F5F8",
    # Captions have 60 % of it: dark enough for 4.5 : 1 on the second background too.
    "theme.light.textColor": "#10181F",
    "theme.light.linkColor": "#005A8C",
    # Light enough for words in it on the dark ground; words on it are dark then, which `STYLE` says.
    "theme.dark.primaryColor": "#5AAEE3",
    "theme.dark.backgroundColor": "#12171D",
    "theme.dark.secondaryBackgroundColor": "#1D252E",
    "theme.dark.textColor": "#E6EBF0",
    "theme.dark.linkColor": "#7CC3F2",
}

#: What Streamlit has no option for: it writes white on the primary colour whatever that is, and shortcuts fainter.
STYLE = """<style>
[data-testid^="stBaseButton-primary"] * { opacity: 1 !important; }
@media (prefers-color-scheme: dark) {
    [data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"],
    [data-testid="stMultiSelect"] :has(> [aria-label^="Remove "]),
    [data-testid="stMultiSelect"] :has(> [aria-label^="Remove "]) * { color: #0B0F14 !important; }
}
</style>"""
