"""The graph as GraphML, CX2, KGX and import files, read again by programs that are not ours."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.errors import TargetGraphError
from warehouse.export import GRAPH_FORMATS, export
from warehouse.home import Build, Home
from warehouse.model import MODEL
from warehouse.warehouse import Warehouse

AWKWARD = 'a <b> & "c" | d\twith\nlines, ; ünd 🧬'


def _counts(build: Build) -> dict[str, int]:
    return {name: n for name, n in build.receipt()["counts"].items() if n and name not in MODEL.tables}


@pytest.fixture
def awkward(new_small: Callable[[], SmallBuild]) -> Build:
    small = new_small()
    small.say(
        "one",
        stated("Gene", {"id": "hgnc:1", "symbol": "A", "name": AWKWARD, "aliases": [AWKWARD, "x|y"], "taxon_id": 9606}),
        stated("Gene", {"id": "hgnc:2", "symbol": "B"}),
        stated("Drug", {"id": "drugbank:DB1", "name": "D"}),
        stated("INTERACTS_WITH", {"subject": "hgnc:1", "object": "hgnc:1", "evidence": "asserted"}),
        stated(
            "BINDS",
            {"subject": "drugbank:DB1", "object": "hgnc:1", "affinity_nanomolar": 0.1, "evidence": "measured"},
        ),
    )
    small.finish()
    return small.close()


def test_graphml_is_read_by_networkx(sample_home: Home, tmp_path: Path) -> None:
    build = sample_home.current()
    path, manifest = export(build, tmp_path / "out", "graphml")
    graph = networkx.read_graphml(path, force_multigraph=True)
    found = Counter(data["type"] for _node, data in graph.nodes(data=True))
    found += Counter(data["interaction"] for _s, _o, data in graph.edges(data=True))
    assert dict(found) == _counts(build) == json.loads(manifest.read_text())["tables"]
    with Warehouse(build) as opened:
        shown = opened.sql(
            """SELECT id, name, resolution_angstrom, model_count, organisms FROM structure
            WHERE model_count > 0 AND len(organisms) > 0 ORDER BY id LIMIT 1"""
        )
        entity, name, resolution, models, organisms = shown.rows()[0]
    node = graph.nodes[entity]
    assert node["name"] == name
    assert node["model_count"] == models
    assert isinstance(node["model_count"], int)
    assert node.get("resolution_angstrom") == resolution
    assert node["organisms"] == "|".join(organisms)


def test_awkward_texts_come_through(awkward: Build, tmp_path: Path) -> None:
    graph = networkx.read_graphml(export(awkward, tmp_path / "graphml", "graphml")[0], force_multigraph=True)
    assert graph.nodes["hgnc:1"]["name"] == AWKWARD
    assert graph.has_edge("hgnc:1", "hgnc:1")
    nodes = _cx2(export(awkward, tmp_path / "cx2", "cx2")[0])["nodes"]
    values = next(node["v"] for node in nodes if node["v"].get("id") == "hgnc:1")
    assert values["name"] == AWKWARD
    assert values["aliases"] == sorted([AWKWARD, "x|y"])
    lines = (tmp_path / "kgx" if export(awkward, tmp_path / "kgx", "kgx") else tmp_path).joinpath("nodes.tsv")
    header, *rows = lines.read_text(encoding="utf-8").split("\n")[:-1]
    assert {row.count("\t") for row in rows} == {header.count("\t")}
    row = dict(zip(header.split("\t"), rows[0].split("\t"), strict=True))
    assert row["name"] == AWKWARD.replace("\t", " ").replace("\n", " ")
    assert "x/y" in row["aliases"].split("|")


def _cx2(path: Path) -> dict[str, Any]:
    """The aspects of a CX2 document, after a check of their order, counts and declarations (CX2 1.0, 2021)."""
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document[0] == {"CXVersion": "2.0", "hasFragments": False}
    names = [next(iter(aspect)) for aspect in document[1:]]
    assert names == ["metaData", "attributeDeclarations", "networkAttributes", "nodes", "edges", "status"]
    aspects = {name: aspect[name] for name, aspect in zip(names, document[1:], strict=True)}
    assert aspects["status"] == [{"error": "", "success": True}]
    for told in aspects["metaData"]:
        assert told["elementCount"] == len(aspects[told["name"]])
    declared = aspects["attributeDeclarations"][0]
    ids = [node["id"] for node in aspects["nodes"]]
    assert len(set(ids)) == len(ids)
    checks: dict[str, Any] = {
        "string": str,
        "long": int,
        "integer": int,
        "double": (int, float),
        "boolean": bool,
        "list_of_string": list,
    }
    for kind in ("nodes", "edges"):
        for element in aspects[kind]:
            for name, value in element["v"].items():
                assert isinstance(value, checks[declared[kind][name]["d"]]), (kind, name, value)
    assert {end for edge in aspects["edges"] for end in (edge["s"], edge["t"])} <= set(ids)
    return aspects


def test_cx2_is_valid_and_whole(sample_home: Home, tmp_path: Path) -> None:
    build = sample_home.current()
    aspects = _cx2(export(build, tmp_path / "out", "cx2")[0])
    found = Counter(node["v"]["type"] for node in aspects["nodes"])
    found += Counter(edge["v"]["interaction"] for edge in aspects["edges"])
    assert dict(found) == _counts(build)


@pytest.mark.parametrize("file_format", GRAPH_FORMATS)
def test_a_part_of_the_graph(sample_home: Home, tmp_path: Path, file_format: str) -> None:
    build = sample_home.current()
    *_files, manifest = export(build, tmp_path / "out", file_format, types=["targets", "Disease"])
    told = json.loads(manifest.read_text())["tables"]
    counts = _counts(build)
    with Warehouse(build) as opened:
        ends = "SELECT count(DISTINCT subject), count(DISTINCT object) FROM targets"
        drugs, genes = opened.sql(ends).rows()[0]
    assert told == {"Gene": genes, "Drug": drugs, "Disease": counts["Disease"], "TARGETS": counts["TARGETS"]}


def test_one_export_is_as_the_next(sample_home: Home, tmp_path: Path) -> None:
    for file_format in GRAPH_FORMATS:
        first, again = (
            export(sample_home.current(), tmp_path / f"{file_format}{n}", file_format, types=["BINDS", "PART_OF"])
            for n in (1, 2)
        )
        assert [path.read_bytes() for path in first if path.name != "import.sh"] == [
            path.read_bytes() for path in again if path.name != "import.sh"
        ]


def test_what_cannot_be_chosen_is_told(sample_home: Home, tmp_path: Path) -> None:
    build = sample_home.current()
    for options, message in (
        ({"file_format": "xml"}, "no format 'xml'"),
        ({"file_format": "kgx", "tables": ["gene"]}, "holds the graph, not tables"),
        ({"file_format": "csv", "types": ["Gene"]}, "holds tables, not the graph"),
        ({"file_format": "cx2", "types": ["Gen"]}, "no type 'Gen'"),
        ({"file_format": "cx2", "types": ["survival"]}, "no part of the graph"),
        ({"file_format": "graphml", "types": ["NEIGHBOR_OF"]}, "nothing to write"),
    ):
        with pytest.raises(TargetGraphError, match=message):
            export(build, tmp_path / "out", **options)
        assert not list((tmp_path / "out").glob("*"))
