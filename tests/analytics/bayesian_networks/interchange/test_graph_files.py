"""Edge tables, SIF, GraphML, CX2, CX, ING: what is read, what is refused, and that writing and reading agree."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import networkx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.bayesian_networks.interchange.cx import read_cx, read_ing, write_cx2, write_ing
from analytics.bayesian_networks.interchange.edge_table import read_edge_table, write_edge_table, write_node_table
from analytics.bayesian_networks.interchange.graph_table import GraphTable, from_network, graph_table
from analytics.bayesian_networks.interchange.graphml import read_graphml, write_graphml
from analytics.bayesian_networks.interchange.sif import read_sif, write_sif
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError, TargetGraphError

NETWORK = Network.of_names(["ID1", "ID2", "SMAD7", "alone"], {("ID1", "ID2"): 0.75, ("SMAD7", "ID1"): 1.0})
TABLE = from_network(
    NETWORK,
    {"beta": [0.5, -1.25], "edf": [2.5, math.nan], "sign": [-1, 1], "places": [["a", "b"], []]},
    name="common",
)


def write(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_network_keeps_its_edges_through_a_table() -> None:
    again = TABLE.to_network()
    assert again.edges() == NETWORK.edges()
    assert again.frequency.tolist() == NETWORK.frequency.tolist()


@pytest.mark.parametrize("name", ["edges.tsv", "edges.csv", "edges.parquet"])
def test_edge_tables_are_read_as_written(tmp_path: Path, name: str) -> None:
    write_edge_table(TABLE, tmp_path / name)
    again = read_edge_table(tmp_path / name)
    assert again.edges.drop("places").columns == ["source", "target", "freq", "beta", "edf", "sign"]
    assert_frame_equal(again.edges.select("source", "target", "freq", "beta", "sign"),
                       TABLE.edges.select("source", "target", "freq", "beta", "sign"))  # fmt: skip
    write_node_table(TABLE, tmp_path / f"nodes-{name}")
    assert "alone" in (tmp_path / f"nodes-{name}").read_bytes().decode(errors="replace")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("parent\tvalue\nA\t1\n", "line 1: no columns for the ends of an edge; columns: parent, value"),
        ("source\ttarget\nA\tB\nA\n", "line 3: 1 values for 2 columns"),
        ("source\ttarget\nA\tB\n\t C\n", "line 3: the source is empty"),
        ("source\ttarget\tfreq\nA\tB\t0.5\nB\tC\toften\n", "line 3: freq is 'often', not a number"),
        ("source\tsource\nA\tB\n", r"line 1: columns named more than once: source \(column 1, column 2\)"),
        ('source\ttarget\nA\t"B\n', "line 2: a quotation mark is opened and not closed"),
    ],
)
def test_edge_tables_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message) as caught:
        read_edge_table(write(tmp_path, "edges.tsv", text))
    assert "edges.tsv" in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,target\nA,B\nB,C\nA,B\n", r"line 4: the edge A -> B is there twice \(first: line 2\)"),
        ("source,target\nA,A\n", "line 2: A is its own parent"),
        ("source,target,freq\nA,B,1.5\n", "line 2: the frequency 1.5 is not between 0 and 1"),
        ("source,target\nA,B\nB,C\nC,A\n", r"edges\.csv: The network has a cycle: \w -> \w -> \w -> \w"),
    ],
)
def test_tables_that_are_no_acyclic_network(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        read_edge_table(write(tmp_path, "edges.csv", text)).to_network(acyclic=True)


def test_variables_of_the_data(tmp_path: Path) -> None:
    table = read_edge_table(write(tmp_path, "edges.csv", "from,to\nA,B\nB,C\nC,C\n"))
    with pytest.raises(AnalysisError, match="line 3: C is not a variable of the data"):
        table.to_network(["B", "A"])
    kept = table.to_network(["B", "A"], drop_unknown=True, drop_self_loops=True)
    assert kept.variables == ("B", "A")
    assert kept.edges() == (("A", "B"),)


def test_columns_that_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "edges.csv", "regulates,by\nA,B\n")
    table = read_edge_table(path, source="by", target="regulates")
    assert table.to_network().edges() == (("B", "A"),)
    with pytest.raises(AnalysisError, match="line 1: no column parent; columns: regulates, by"):
        read_edge_table(path, source="parent", target="by")


def test_one_of_several_networks_in_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "edges.tsv", "drug\tsource\ttarget\nx\tA\tB\ny\tA\tB\ny\tB\tC\n")
    table = read_edge_table(path)
    assert table.only(drug="y").to_network().edges() == (("A", "B"), ("B", "C"))
    with pytest.raises(AnalysisError, match="no edge has drug = z") as caught:
        table.only(drug="z")
    assert caught.value.hint == "Values of drug: x, y"
    with pytest.raises(AnalysisError, match="edges have no column patient"):
        table.only(patient="C45")


def test_the_published_common_network(real_data: Path) -> None:
    folder = real_data / "organoid_ctos" / "derived_data" / "networks"
    common = read_edge_table(folder / "common_network_edges.tsv")
    network = common.only(drug="LDN193189").to_network()
    assert (len(network.variables), network.count) == (15, 15)
    assert {("LRIG1", "TBX3"), ("TBX3", "PAQR8"), ("PAQR8", "ID3")} <= set(network.edges())
    # As published, the network has cycles.
    with pytest.raises(AnalysisError, match="a cycle: PAQR8 -> SMAD7 -> PAQR8"):
        common.only(drug="LDN193189").to_network(acyclic=True)
    assert common.only(drug="cetuximab").to_network().count == 12
    patients = read_edge_table(folder / "patient_network_edges.tsv").only(drug="LDN193189", patient_id="C132")
    assert {("ID3", "ID1"), ("ID1", "ID2"), ("ID1", "ID3")} <= set(patients.to_network().edges())


def test_sif(tmp_path: Path) -> None:
    path = write(tmp_path, "graph.sif", "A\tregulates\tB\tC\n\nD\nC\tbinds\tA\r\n")
    table = read_sif(path)
    assert table.nodes["id"].to_list() == ["A", "B", "C", "D"]
    assert table.edges.rows() == [("A", "B", "regulates"), ("A", "C", "regulates"), ("C", "A", "binds")]
    assert read_sif(write(tmp_path, "blanks.sif", "A pp B\n")).edges.rows() == [("A", "B", "pp")]
    with pytest.raises(AnalysisError, match=r"graph\.sif, line 2: expected SOURCE RELATION TARGET"):
        read_sif(write(tmp_path, "graph.sif", "A\tr\tB\nA\tB\n"))
    with pytest.raises(AnalysisError, match="SIF cannot hold the name"):
        write_sif(graph_table(pl.DataFrame({"source": ["a\tb"], "target": ["c"]})), tmp_path / "x.sif")


def test_graphml_of_other_programs(tmp_path: Path) -> None:
    graph = networkx.DiGraph()
    graph.add_node("n0", name="TP53", score=0.5)
    graph.add_node("n1", name="MDM2")
    graph.add_edge("n0", "n1", weight=2, direct=True)
    networkx.write_graphml(graph, tmp_path / "graph.graphml")
    table = read_graphml(tmp_path / "graph.graphml", names="name")
    assert table.nodes["id"].to_list() == ["TP53", "MDM2"]
    assert table.edges.to_dicts() == [{"source": "TP53", "target": "MDM2", "weight": 2, "direct": True}]


GRAPHML = '<graphml><key id="k" for="edge" attr.name="w" attr.type="double"><default>1.5</default></key>{}</graphml>'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<graph edgedefault="undirected"/>', "the graph is undirected"),
        ('<graph edgedefault="directed"><node id="a"/><edge source="a" target="b"/></graph>', "there is no node b"),
        ('<graph><node id="a"/><edge source="a" target="a"><data key="z"/></edge></graph>', "edge 1: the key z is not"),
        (
            '<graph><node id="a"/><edge id="e9" source="a" target="a"><data key="k">x</data></edge></graph>',
            "edge e9: 'x' is not of the type double",
        ),
        ('<graph><node/></graph>', "node 1: no id"),
        ("", "there is no graph"),
        ("<graph>", "line 1: not XML"),
        ('<graph><node id="a"/><node id="a"/></graph>', "the node a is there twice"),
    ],
)  # fmt: skip
def test_graphml_that_is_refused(tmp_path: Path, body: str, message: str) -> None:
    path = write(tmp_path, "graph.graphml", GRAPHML.format(body))
    with pytest.raises(AnalysisError, match=message) as caught:
        read_graphml(path)
    assert "graph.graphml" in caught.value.message


def test_graphml_defaults(tmp_path: Path) -> None:
    body = '<graph edgedefault="directed"><node id="a"/><node id="b"/><edge source="a" target="b"/></graph>'
    assert read_graphml(write(tmp_path, "graph.graphml", GRAPHML.format(body))).edges["w"].to_list() == [1.5]


def test_cx2_as_ndex_gives_it(tmp_path: Path) -> None:
    document = [
        {"CXVersion": "2.0", "hasFragments": True},
        {"metaData": [{"name": "nodes", "elementCount": 2}]},
        {"attributeDeclarations": [{"nodes": {"name": {"d": "string", "a": "n"}, "score": {"d": "double", "v": 0.5}},
                                    "edges": {"interaction": {"d": "string", "a": "i"}}}]},
        {"networkAttributes": [{"name": "published"}]},
        {"nodes": [{"id": 3, "x": 1.0, "y": 2.0, "v": {"n": "TP53", "score": 1.25}}]},
        {"nodes": [{"id": 7, "v": {"n": "MDM2"}}]},
        {"edges": [{"id": 0, "s": 3, "t": 7, "v": {"i": "controls"}}]},
        {"status": [{"success": True}]},
    ]  # fmt: skip
    table = read_cx(write(tmp_path, "n.cx2", json.dumps(document)))
    assert table.name == "published"
    assert table.nodes.to_dicts() == [{"id": "TP53", "score": 1.25}, {"id": "MDM2", "score": 0.5}]
    assert table.edges.to_dicts() == [{"source": "TP53", "target": "MDM2", "interaction": "controls"}]


def test_cx_as_ndex_gives_it(tmp_path: Path) -> None:
    document = [
        {"numberVerification": [{"longNumber": 281474976710655}]},
        {"networkAttributes": [{"n": "name", "v": "CTOS"}, {"n": "version", "v": "1"}]},
        {"nodes": [{"@id": 1, "n": "ID1", "r": "hgnc:5360"}, {"@id": 2, "n": "ID2"}]},
        {"edges": [{"@id": 5, "s": 1, "t": 2, "i": "regulates"}, {"@id": 6, "s": 2, "t": 1}]},
        {"edgeAttributes": [{"po": 5, "n": "delta_ecv", "v": "1.5", "d": "double"}]},
        {"nodeAttributes": [{"po": [1, 2], "n": "tags", "v": ["a", "b"], "d": "list_of_string"}]},
        {"status": [{"error": "", "success": True}]},
    ]
    table = read_cx(write(tmp_path, "n.cx", json.dumps(document)))
    assert table.name == "CTOS"
    assert table.edges["delta_ecv"].to_list() == [1.5, None]
    assert table.edges["interaction"].to_list() == ["regulates", None]
    assert table.nodes["tags"].to_list() == [["a", "b"], ["a", "b"]]
    assert table.to_network().count == 2
    with pytest.raises(AnalysisError, match=r"n\.cx: The network has a cycle: ID2 -> ID1 -> ID2|ID1 -> ID2 -> ID1"):
        table.to_network(acyclic=True)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"nodes": []}, "a CX file is a list of aspects"),
        ([{"CXVersion": "2.0"}], "neither nodes nor edges"),
        ([{"CXVersion": "2.0"}, {"nodes": [{"id": 1}]}], "ends without its status; it was cut off"),
        ([{"CXVersion": "2.0"}, {"nodes": []}, {"status": [{"success": False, "error": "full"}]}], "failed: full"),
        ([{"CXVersion": "2.0"}, {"edges": [{"id": 4, "s": 1, "t": 2}]}, {"status": []}], "edge 4: there is no node 1"),
        ([{"nodes": [{"n": "A"}]}, {"status": []}], r'node without @id: \{"n": "A"\}'),
        ([{"nodes": ["A"]}, {"status": []}], "aspect nodes is not a list of objects"),
        ([{"nodes": []}, {"edgeAttributes": [{"po": 1, "n": "w", "v": "x", "d": "double"}]}, {"status": []}],
         "attribute w of 1: 'x' is no double"),
    ],
)  # fmt: skip
def test_cx_that_is_refused(tmp_path: Path, document: object, message: str) -> None:
    with pytest.raises(AnalysisError, match=message) as caught:
        read_cx(write(tmp_path, "n.cx", json.dumps(document)))
    assert "n.cx" in caught.value.message


def test_ing(tmp_path: Path) -> None:
    text = '{"version":1,"node":[{"id":0,"name":"g1"},{"id":1,"name":"g2"}],"edge":[{"src":0,"dst":1,"bs":0.5}]}'
    table = read_ing(write(tmp_path, "network.ing", text))
    assert table.edges.to_dicts() == [{"source": "g1", "target": "g2", "bs": 0.5}]
    with pytest.raises(AnalysisError, match=r"network\.ing, line 2: not JSON"):
        read_ing(write(tmp_path, "network.ing", '{"node": [\n'))
    with pytest.raises(AnalysisError, match=r'edge without dst: \{"src": 0\}'):
        read_ing(write(tmp_path, "network.ing", '{"node": [{"id": 0}], "edge": [{"src": 0}]}'))
    with pytest.raises(AnalysisError, match="has the keys version, node and edge"):
        read_ing(write(tmp_path, "network.ing", "[]"))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "edges.tsv"
    path.write_bytes(b"source\ttarget\nA\t\xff\n")
    with pytest.raises(AnalysisError, match=r"edges\.tsv, line 2: not UTF-8 text"):
        read_edge_table(path)
    with pytest.raises(AnalysisError, match="cannot be read: No such file"):
        read_sif(tmp_path / "none.sif")
    with pytest.raises(AnalysisError, match="cannot be read as Parquet"):
        path.rename(tmp_path / "edges.parquet")
        read_edge_table(tmp_path / "edges.parquet")


def test_an_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "graph.cx2"
    path.write_text("old")
    wrong = pl.DataFrame({"source": ["A"], "target": ["B"]})
    table = object.__new__(GraphTable)
    for name, value in (("nodes", pl.DataFrame({"id": ["A"]})), ("edges", wrong), ("name", "n")):
        object.__setattr__(table, name, value)
    with pytest.raises(TargetGraphError, match="1 edges name a target that is not among the nodes, the first: B"):
        write_cx2(table, path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["graph.cx2"]
    with pytest.raises(TargetGraphError, match="cannot be written"):
        write_graphml(TABLE, tmp_path / "no" / "graph.graphml")


def test_networkx_reads_our_graphml(tmp_path: Path) -> None:
    write_graphml(TABLE, tmp_path / "graph.graphml")
    graph = networkx.read_graphml(tmp_path / "graph.graphml")
    assert set(graph.nodes) == {"ID1", "ID2", "SMAD7", "alone"}
    assert graph.edges["SMAD7", "ID1"]["beta"] == TABLE.edges.filter(source="SMAD7")["beta"][0]


names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=6
)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> GraphTable:
    nodes = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    ends = draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=8))
    count = len(ends)
    edges = pl.DataFrame(
        {
            "source": [source for source, _target in ends],
            "target": [target for _source, target in ends],
            "weight": draw(st.lists(st.none() | numbers, min_size=count, max_size=count)),
            "note": draw(st.lists(st.none() | names, min_size=count, max_size=count)),
            "count": draw(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=count, max_size=count)),
            "sure": draw(st.lists(st.none() | st.booleans(), min_size=count, max_size=count)),
        },
        schema={"source": pl.String, "target": pl.String, "weight": pl.Float64, "note": pl.String,
                "count": pl.Int64, "sure": pl.Boolean},
    )  # fmt: skip
    return GraphTable(pl.DataFrame({"id": nodes}), edges, draw(names))


FORMATS: list[tuple[Callable[[GraphTable, Path], None], Callable[[Path], GraphTable]]] = [
    (write_graphml, read_graphml),
    (write_cx2, read_cx),
    (write_ing, read_ing),
]


@pytest.mark.parametrize(("writing", "reading"), FORMATS, ids=["graphml", "cx2", "ing"])
@settings(max_examples=60)
@given(table=tables())
def test_what_is_written_is_read_again(
    table: GraphTable,
    writing: Callable[[GraphTable, Path], None],
    reading: Callable[[Path], GraphTable],
    tmp_path: Path,
) -> None:
    writing(table, tmp_path / "graph")
    again = reading(tmp_path / "graph")
    assert again.nodes["id"].to_list() == table.nodes["id"].to_list()
    for row, same in zip(table.edges.to_dicts(), again.edges.to_dicts(), strict=True):
        for name, value in row.items():
            assert same.get(name) == value


@settings(max_examples=60)
@given(table=tables())
def test_sif_keeps_edges_and_nodes(table: GraphTable, tmp_path: Path) -> None:
    write_sif(table, tmp_path / "graph.sif")
    again = read_sif(tmp_path / "graph.sif")
    ends = ("source", "target")
    assert again.edges.select(ends).rows() == table.edges.select(ends).rows()
    assert set(again.nodes["id"]) == set(table.nodes["id"])


@settings(max_examples=60)
@given(table=tables())
def test_edge_tables_keep_ends_and_numbers(table: GraphTable, tmp_path: Path) -> None:
    if table.edges.height:
        write_edge_table(table, tmp_path / "edges.tsv")
        again = read_edge_table(tmp_path / "edges.tsv")
        assert again.edges.select("source", "target").rows() == table.edges.select("source", "target").rows()
        assert again.edges["weight"].cast(pl.Float64).to_list() == table.edges["weight"].to_list()


@settings(max_examples=150)
@given(text=st.text(alphabet='<>graphmledn io="ks/{}[]:,0\n\t', max_size=60))
def test_any_text_is_read_or_refused(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, "any", text)
    for read in (read_graphml, read_cx, read_ing, read_sif, read_edge_table):
        try:
            read(path)
        except AnalysisError as error:
            assert str(path) in error.message


def test_batches_are_one_graph(tmp_path: Path) -> None:
    from warehouse.export import graph_files

    nodes = [pl.DataFrame({"id": ["a", "b"], "name": ["x", "x"]}), pl.DataFrame({"id": ["c"]})]
    edges = [
        pl.DataFrame({"source": ["a"], "target": ["c"], "w": [1]}),
        pl.DataFrame({"source": ["c"], "target": ["b"]}),
    ]
    for write_file, read in ((graph_files.write_cx2, read_cx), (graph_files.write_graphml, read_graphml)):
        counts = write_file(
            tmp_path / "graph", nodes, edges, node_attributes={"name": pl.String()}, edge_attributes={"w": pl.Int64()}
        )
        table = read(tmp_path / "graph")
        assert counts == (3, 2)
        assert table.nodes["id"].to_list() == ["a", "b", "c"]
        assert table.edges.select("source", "target", "w").rows() == [("a", "c", 1), ("c", "b", None)]
    assert table.nodes["name"].to_list() == ["x", "x", None]


def test_names_of_digits_stay_as_they_are_written(tmp_path: Path) -> None:
    path = write(tmp_path, "edges.tsv", "source\ttarget\tweight\n007\t7\t01.5\n1.0\t1\t2\n")
    table = read_edge_table(path)
    assert table.edges.select("source", "target", "weight").rows() == [("007", "7", 1.5), ("1.0", "1", 2.0)]
