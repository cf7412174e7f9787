"""The Python examples of the docs on knock-downs and network files run as they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.network import Network

DOCS = Path(__file__).parents[3] / "docs"

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:pgmpy", "ignore::DeprecationWarning")


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_knock_downs() -> None:
    generator = np.random.default_rng(1)
    base = generator.normal(5, 1, size=(44, 1))
    names: dict[str, Any] = {
        "values": base * [1, -1, 1, 0] + generator.normal(size=(44, 4)),
        "genes": ["MYC", "MAX", "EGFR", "KRAS"],
        "frequencies": Network.of_names(["MYC", "MAX", "EGFR", "KRAS"], {("MYC", "MAX"): 0.9, ("MYC", "EGFR"): 0.6}),
    }
    intervened = np.zeros((44, 4), np.bool_)
    intervened[40:43, 0] = intervened[43, :2] = True
    names["intervened"] = intervened
    for block in blocks("knock-downs.md"):
        exec(block, names)
    assert names["changes"].shape == (2, 4)
    frame = names["effects"].frame(levels=3)
    assert set(frame["variable"]) == {"MAX", "EGFR"}
    assert 0 <= names["labels"].noise <= 0.5


def test_network_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("common_network_edges.tsv").write_text("drug\tsource\ttarget\ncetuximab\tEGFR\tMYC\nother\tMYC\tEGFR\n")
    generator = np.random.default_rng(1)
    egfr = generator.normal(size=200)
    values = np.column_stack([egfr, egfr + generator.normal(size=200)])
    names: dict[str, Any] = {"prepared": prepare(Dataset.of(values, ["EGFR", "MYC"]))}
    for block in blocks("network-files.md"):
        exec(block, names)
    assert names["network"].edges() == (("EGFR", "MYC"),)
    assert names["states"].network.states == (("low", "middle", "high"),) * 2
