"""Small cohorts that a test writes as their publishers do, and builds with a few genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from etl.build import Plan, build
from etl.source import source
from warehouse.home import Home

#: Symbol, HGNC id and Entrez id of the genes that each of these cohorts has.
GENES = {"EGFR": ("HGNC:3236", 1956), "KRAS": ("HGNC:6407", 3845), "TP53": ("HGNC:11998", 7157)}

Cells = Sequence[Sequence[object]]


def write_table(path: Path, header: Sequence[str], rows: Cells, above: str = "") -> None:
    """Write a tab-separated table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join("" if cell is None else str(cell) for cell in row) for row in (header, *rows)]
    path.write_text(above + "\n".join(lines) + "\n", encoding="utf-8")


def write_genes(folder: Path) -> None:
    """HGNC's table with the genes of the cohorts."""
    columns = next(file for file in source("hgnc").files if file.part == "complete_set").format.columns  # type: ignore[attr-defined]
    rows = [
        [{"hgnc_id": hgnc, "symbol": symbol, "status": "Approved", "entrez_id": entrez}.get(name) for name in columns]
        for symbol, (hgnc, entrez) in GENES.items()
    ]
    write_table(folder / "hgnc" / "hgnc_complete_set_2026-01-01.txt", columns, rows)


def write_xena(
    folder: Path, values: Mapping[str, Sequence[object]], samples: Sequence[str], survival: Cells = ()
) -> None:
    """Xena's two tables of lung adenocarcinoma: a row of values for each gene, and survival by sample."""
    rows = [[gene, *cells] for gene, cells in values.items()]
    write_table(folder / "xena" / "TCGA.LUAD.sampleMap_HiSeqV2", ["sample", *samples], rows)
    if survival:
        write_table(folder / "xena" / "LUAD_survival.txt", ["sample", "_PATIENT", "OS", "OS.time"], survival)


def write_study(folder: Path, **tables: tuple[str, str, Sequence[str], Cells]) -> None:
    """A cBioPortal study `s`: by name, the kind of alteration, the type of data, the header and the rows."""
    study = folder / "study"
    study.mkdir(parents=True, exist_ok=True)
    meta = "cancer_study_identifier: s\n"
    (study / "meta_study.txt").write_text(f"type_of_cancer: luad\n{meta}name: S\ndescription: x\n", encoding="utf-8")
    for name, (kind, datatype, header, rows) in tables.items():
        described = f"{meta}genetic_alteration_type: {kind}\ndatatype: {datatype}\ndata_filename: data_{name}.txt\n"
        (study / f"meta_{name}.txt").write_text(f"{described}stable_id: {name}\n", encoding="utf-8")
        write_table(study / f"data_{name}.txt", header, rows)


def built(folder: Path) -> Home:
    """A warehouse of what was written below `folder / "raw"`."""
    write_genes(folder / "raw")
    home = Home(folder / "home")
    build(home, Plan(raw=folder / "raw", subset=True, threads=1))
    return home
