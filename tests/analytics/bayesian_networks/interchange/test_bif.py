"""BIF: what is read, what is refused, and that writing and reading agree."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.interchange.bif import parse_bif, read_bif, write_bif
from analytics.bayesian_networks.interchange.discrete import DiscreteNetwork
from warehouse.errors import AnalysisError

SPRINKLER = """
network sprinkler { property author someone; }
// a comment with a brace {
variable rain { type discrete [ 2 ] { no, yes }; property "x = 1"; }
variable "wet grass" { type discrete [ 2 ] { dry, wet }; }
variable sprinkler { type discrete[2] { off on }; }
probability ( "wet grass" | rain, sprinkler ) {  /* rows, one
   missing */
  (no, off) 1.0, 0.0;
  (yes, off) 0.2 0.8;
  (no, on) 0.1, 0.9;
  default 0.01, 0.99;
}
probability ( rain ) { table 0.8, 0.2; }
probability ( sprinkler | rain ) { table 0.6, 0.9, 0.4, 0.1; }
"""


def test_reads_rows_defaults_tables_comments_and_quoted_names() -> None:
    network = parse_bif(SPRINKLER)
    assert network.name == "sprinkler"
    assert network.variables == ("rain", "wet grass", "sprinkler")
    assert network.states == (("no", "yes"), ("dry", "wet"), ("off", "on"))
    assert network.parents == ((), (0, 2), (0,))
    assert network.tables[1].tolist() == [[[1.0, 0.0], [0.1, 0.9]], [[0.2, 0.8], [0.01, 0.99]]]
    # A flat table counts the child slowest: P(off | no), P(off | yes), P(on | no), P(on | yes).
    assert network.tables[2].tolist() == [[0.6, 0.4], [0.9, 0.1]]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("variable a { type discrete [ 3 ] { x, y }; }", "line 1: variable a says 3 states and names 2"),
        ("variable a { type discrete [ 2 ] { x, x }; }", "names a state twice"),
        ("\n\nstructure a", "line 3: expected network, variable or probability, found structure"),
        ("variable a { type discrete [ 2 ] { x, y }; }", "no probability is given for a"),
        ("variable a { type discrete [ 2 ] { x, y }; } probability ( b ) { table 1; }", "b, which is no variable"),
        ("variable a { type discrete [ 2 ] { x, y };", "the file ends inside a block"),
        ("variable a { type discrete [ 1 ] { x }; } variable a { }", "variable a is declared twice"),
        ("", "there is no variable"),
    ],
)
def test_refuses(wrong: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        parse_bif(wrong)


HEAD = "variable a { type discrete [ 2 ] { x, y }; }\nvariable b { type discrete [ 2 ] { u, v }; }\n"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("probability ( a ) { table 0.5; }", "line 3: expected 2 probabilities of a, found 1"),
        ("probability ( a ) { table 0.5, half; }", "a probability of a is not a number: 0.5 half"),
        ("probability ( a | b ) { (u) 0.5, 0.5; }", r"no row for \(v\)"),
        ("probability ( a | b ) {\n (w) 0.5, 0.5; }", "line 4: b has no state w"),
        ("probability ( a | b ) { (u, u) 0.5, 0.5; }", "names 2 states for 1 parents"),
        ("probability ( a | a ) { default 0.5, 0.5; }", "names a variable twice"),
        ("probability ( a, b ) { default 0.5, 0.5; }", r"expected \( CHILD \| PARENT"),
    ],
)
def test_refuses_a_probability(wrong: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        parse_bif(HEAD + wrong)


def test_a_cycle_is_named_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cycle.bif"
    rows = "default 0.5, 0.5;"
    path.write_text(f"{HEAD}probability ( a | b ) {{ {rows} }}\nprobability ( b | a ) {{ {rows} }}")
    with pytest.raises(AnalysisError, match=r"cycle\.bif: .*a.*b") as caught:
        read_bif(path)
    assert "cycle" in caught.value.message


def test_a_row_that_does_not_sum_to_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sum.bif"
    path.write_text("variable a { type discrete [ 2 ] { x, y }; } probability ( a ) { table 0.5, 0.4; }")
    with pytest.raises(AnalysisError, match=r"sum\.bif: a row of the table of a does not sum to 1"):
        read_bif(path)


@pytest.mark.parametrize("name", ["missing.bif", "wrong.bif.gz"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    if name != "missing.bif":
        (tmp_path / name).write_bytes(b"\x1f\x8bno gzip")
    with pytest.raises(AnalysisError, match=f"{name} (cannot be read|is truncated or damaged)"):
        read_bif(tmp_path / name)


names = st.text(st.characters(exclude_characters='"\n', exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def networks(draw: st.DrawFn) -> DiscreteNetwork:
    variables = tuple(draw(st.lists(names, min_size=1, max_size=5, unique=True)))
    states = tuple(tuple(draw(st.lists(names, min_size=1, max_size=3, unique=True))) for _ in variables)
    parents = tuple(tuple(draw(st.permutations(range(child)))[:2]) for child in range(len(variables)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    tables = tuple(
        generator.dirichlet(np.ones(len(states[child])), [len(states[axis]) for axis in given])
        for child, given in enumerate(parents)
    )
    return DiscreteNetwork(draw(names), variables, states, parents, tables)


@settings(max_examples=60, deadline=None)
@given(network=networks())
def test_what_is_written_is_read_again(network: DiscreteNetwork, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bif") / "network.bif"
    write_bif(network, path)
    again = read_bif(path)
    assert (again.name, again.variables, again.states) == (network.name, network.variables, network.states)
    assert again.parents == network.parents
    for table, same in zip(network.tables, again.tables, strict=True):
        assert np.array_equal(table, same)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='variable{}()[];|,"type discrete 012.ab\n', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_bif(SPRINKLER[:200] + text)
    except AnalysisError as error:
        assert error.message.endswith(".")


def test_names_that_cannot_be_written(tmp_path: Path) -> None:
    network = DiscreteNetwork("n", ('a"b',), (("x",),), ((),), (np.ones(1),))
    with pytest.raises(AnalysisError, match="BIF cannot hold the name"):
        write_bif(network, tmp_path / "a.bif")
    assert not list(tmp_path.iterdir())


def test_samples_follow_the_tables() -> None:
    network = parse_bif(SPRINKLER)
    codes = network.sample(20_000, seed=5)
    assert np.array_equal(codes, network.sample(20_000, seed=5))
    assert abs(codes[:, 0].mean() - 0.2) < 0.01
    rainy = codes[(codes[:, 0] == 1) & (codes[:, 2] == 0)]
    assert abs(rainy[:, 1].mean() - 0.8) < 0.02


#: Variables, edges and independent parameters as the repository of these networks publishes them.
PUBLISHED = {
    "alarm": (37, 46, 509),
    "andes": (223, 338, 1157),
    "asia": (8, 8, 18),
    "barley": (48, 84, 114005),
    "cancer": (5, 4, 10),
    "child": (20, 25, 230),
    "diabetes": (413, 602, 429409),
    "earthquake": (5, 4, 10),
    "hailfinder": (56, 66, 2656),
    "hepar2": (70, 123, 1453),
    "insurance": (27, 52, 1008),
    "link": (724, 1125, 14211),
    "mildew": (35, 46, 540150),
    "munin": (1041, 1397, 80592),
    "munin1": (186, 273, 15622),
    "munin2": (1003, 1244, 69431),
    "munin3": (1041, 1306, 71059),
    "munin4": (1038, 1388, 80352),
    "pathfinder": (109, 195, 72079),
    "pigs": (441, 592, 5618),
    "sachs": (11, 17, 178),
    "survey": (6, 6, 21),
    "water": (32, 66, 10083),
    "win95pts": (76, 112, 574),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks(name: str, real_data: Path) -> None:
    network = read_bif(real_data / "bayes" / "bif" / f"{name}.bif.gz")
    parameters = sum(table.size - table.size // table.shape[-1] for table in network.tables)
    assert (len(network.variables), network.structure().count, parameters) == PUBLISHED[name]


def test_packed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "network.bif.gz"
    path.write_bytes(gzip.compress(SPRINKLER.encode()))
    assert read_bif(path).variables == parse_bif(SPRINKLER).variables
