"""The analyst's verbs on the sample."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from targetgraph.cli import app
from warehouse.errors import TargetGraphError
from warehouse.home import Home
from warehouse.warehouse import Warehouse


@pytest.fixture
def place(sample_home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Home:
    """A folder whose builds are those of the sample, so that lists are its own."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    for name in ("builds", "current"):
        (home.root / name).symlink_to(sample_home.root / name)
    monkeypatch.setenv("TARGETGRAPH_HOME", str(home.root))
    return home


def call(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=text)


def answer(*arguments: str) -> list[dict[str, object]]:
    called = call(*arguments, "--format", "json")
    assert called.exit_code == 0, called.output
    rows: list[dict[str, object]] = json.loads(called.stdout)
    return rows


@pytest.fixture
def symbols(place: Home) -> list[str]:
    with Warehouse.open(place.root) as warehouse:
        asked = (
            "MATCH (g:Gene)-[:PARTICIPATES_IN]->(:Pathway) RETURN DISTINCT g.symbol AS symbol ORDER BY symbol LIMIT 9"
        )
        return [str(row[0]) for row in warehouse.query(asked).rows()]


def test_questions_are_listed_shown_and_asked(place: Home, symbols: list[str]) -> None:
    assert "pathways_of_gene" in {row["template"] for row in answer("ask")}
    assert "gene: Gene" in call("ask", "pathways_of_gene", "--show").stdout
    assert answer("ask", "pathways_of_gene", "-p", f"gene={symbols[0].lower()}")
    for arguments in (["nothing"], ["pathways_of_gene"], ["pathways_of_gene", "-p", "gene=no such gene"]):
        with pytest.raises(TargetGraphError) as refused:
            CliRunner().invoke(app, ["ask", *arguments], catch_exceptions=False)
        assert refused.value.exit_code == 2


def test_a_list_from_identifiers_to_enrichment(place: Home, symbols: list[str], tmp_path: Path) -> None:
    assert "no lists yet" in call("list", "all").stderr
    (tmp_path / "more.txt").write_text("\n".join([*symbols[4:], "no-such-gene"]), encoding="utf-8")
    report = answer("list", "make", "mine", *symbols[:5], "--file", str(tmp_path / "more.txt"))
    assert [row["outcome"] for row in report] == ["matched"] * 10 + ["unresolved"]
    assert [(row["list"], row["members"], row["unresolved"]) for row in answer("list", "all")] == [("mine", 9, 1)]
    assert len(answer("list", "show", "mine")) == 9
    assert call("list", "make", "few", "-", "--file", "-", text=symbols[0]).exit_code == 0
    assert call("list", "combine", "rest", "difference", "mine", "few").exit_code == 0
    assert len(answer("list", "show", "rest")) == 8
    [first, *_] = answer("enrich", "rest", "--background", "annotated", "--sets", "Pathway")
    assert first["list_size"] == 8
    [first, *_] = answer("enrich", "few", "--background", "mine")
    assert first["background_size"] == 9
    assert call("list", "remove", "few").exit_code == 0
    assert [row["list"] for row in answer("list", "all")] == ["mine", "rest"]


def test_a_dry_run_keeps_nothing(place: Home, symbols: list[str]) -> None:
    assert answer("list", "make", "mine", *symbols, "--dry-run")
    assert "no lists yet" in call("list", "all").stderr


def test_the_background_must_be_said(place: Home) -> None:
    called = call("enrich", "mine")
    assert called.exit_code == 2
    assert "--background" in called.stderr


def test_conflicts(place: Home, symbols: list[str]) -> None:
    rows = answer("conflicts", symbols[0])
    assert {"property", "value", "shown", "rule", "source", "file", "row"} <= set(rows[0])


def test_bad_files_are_named(place: Home, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00\x01")
    for path in (tmp_path / "absent", tmp_path / "bytes"):
        with pytest.raises(TargetGraphError, match=str(path)):
            CliRunner().invoke(app, ["list", "make", "x", "--file", str(path)], catch_exceptions=False)


def test_prioritise_and_open_a_cell(place: Home) -> None:
    with Warehouse.open(place.root) as warehouse:
        asked = "MATCH (d:Disease)-[:ASSOCIATES]->(g:Gene) RETURN d.name AS name, count(g) AS n ORDER BY n DESC, name"
        disease = str(warehouse.query(asked).rows()[0][0])
    [first, *_] = answer("prioritise", disease, "--weight", "drugs=2", "--neighbours", "1")
    assert first["rank"] == 1
    assert answer("prioritise", disease, "--explain", f"{first['gene']}:evidence")
    assert call("prioritise", disease, "--weight", "drugs=many").exit_code == 2
    assert "tumour expression is left out" in call("prioritise", disease).stderr


def test_files_of_genes_and_of_gene_sets(symbols: list[str], tmp_path: Path) -> None:
    table = tmp_path / "hits.csv"
    table.write_text("n,gene\n" + "".join(f"{n},{gene}\n" for n, gene in enumerate(symbols)), encoding="utf-8")
    told = call("list", "make", "from_table", "--file", str(table), "--column", "gene")
    assert "its column 'gene' is read" in told.stderr
    assert f"from_table has {len(symbols)} members" in told.stderr
    for name, members in (("one.gmt", symbols[:3]), ("two.gmt", symbols[3:5])):
        (tmp_path / name).write_text("\t".join(["set", "told", *members, "NOSUCH"]) + "\n", encoding="utf-8")
    gmt = [item for name in ("one.gmt", "two.gmt") for item in ("--gmt", str(tmp_path / name))]
    rows = answer("enrich", "from_table", "--background", "from_table", *gmt)
    assert [(row["collection"], row["hits"]) for row in rows] == [("one.gmt", 3), ("two.gmt", 2)]


def test_paths_between_entities(place: Home, tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="the extra `analytics` is not installed")
    with Warehouse.open(place.root) as warehouse:
        asked = (
            "MATCH (d:Disease)-[:ASSOCIATES]->(g:Gene) RETURN d.id AS disease, g.symbol AS gene ORDER BY disease, gene"
        )
        disease, gene = warehouse.query(asked).rows()[0]
    types = answer("path", gene, disease, "--to", "Disease", "--longest", "2")
    assert "Gene<-ASSOCIATES-Disease" in {row["path_type"] for row in types}
    [shown] = answer("path", gene, disease, "--to", "Disease", "--examples", "Gene<-ASSOCIATES-Disease")
    assert str(shown["path"]).startswith(gene)
    (tmp_path / "pairs.tsv").write_text(f"{gene}\t{disease}\n", encoding="utf-8")
    assert answer("path", "--pairs", str(tmp_path / "pairs.tsv"), "--to", "Disease", "--longest", "2") == types
    (tmp_path / "pairs.tsv").write_text("alone\n", encoding="utf-8")
    with pytest.raises(TargetGraphError, match="line 1: no pair"):
        CliRunner().invoke(app, ["path", "--pairs", str(tmp_path / "pairs.tsv")], catch_exceptions=False)
