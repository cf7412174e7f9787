"""Builds: whole or not at all, whatever happens; a refresh equals a full rebuild; what is lost is told."""

from __future__ import annotations

import gzip
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from etl.build import Plan, build
from etl.rows import Options
from etl.source import sources
from tests.etl.conftest import FOLDER
from warehouse.diff import difference
from warehouse.errors import BuildError, SourceError
from warehouse.home import DATABASE, Build, Home
from warehouse.merges import redo_merge, undo_merge
from warehouse.model import MODEL
from warehouse.tables import fingerprint
from warehouse.warehouse import Warehouse

BUILD = """
import sys
from pathlib import Path
from etl.build import Plan, build
from warehouse.errors import TargetGraphError
from warehouse.home import Home
only = tuple(sys.argv[3:])
print("started", flush=True)
try:
    build(Home(Path(sys.argv[1])), Plan(raw=Path(sys.argv[2]), only=only, threads=1, wait_s=20))
except TargetGraphError as error:
    print(type(error).__name__, error, file=sys.stderr)
    sys.exit(3)
"""


def _plan(raw: Path, **options: object) -> Plan:
    return Plan(raw=raw, threads=1, **options)  # type: ignore[arg-type]


def _hash(made: Build) -> str:
    return str(made.receipt()["content_hash"])


def _rename_pathway(raw: Path, new: str) -> Path:
    """Let Reactome say something else."""
    path = raw / FOLDER / "reactome" / "ReactomePathways.txt"
    path.write_text(path.read_text().replace("Signaling by SMPK1 and others", new))
    return raw


def _recomputed(made: Build, folder: Path) -> str:
    """The content hash, computed anew from every table of a copy."""
    folder.mkdir(exist_ok=True)
    copy = Path(shutil.copyfile(made.database, folder / DATABASE))
    with duckdb.connect(copy) as connection:
        connection.execute("DELETE FROM record.fingerprints")
        found = fingerprint.update(connection, MODEL)
    copy.unlink()
    return found


def _assert_whole(made: Build, folder: Path) -> None:
    receipt = made.receipt()
    assert _recomputed(made, folder) == receipt["content_hash"]
    assert made.id.endswith(receipt["content_hash"][:8])
    with Warehouse(made) as opened:
        assert opened.query("MATCH (g:Gene) RETURN count(g)").rows() == [(receipt["counts"]["Gene"],)]
        assert opened.sql("SELECT count(*) FROM pathway").rows() == [(receipt["counts"]["Pathway"],)]


# -- killed, full disk, two at a time ------------------------------------------------------------------------------


@pytest.mark.parametrize(("only", "kills"), [(("reactome",), 6), ((), 2)], ids=["refresh", "full build"])
def test_killed_at_any_moment_leaves_a_whole_build(
    home: Home, raw: Path, tmp_path: Path, only: tuple[str, ...], kills: int
) -> None:
    """Kills spread over the length of a build; each next build starts on the ruins of the one before."""
    other = _rename_pathway(Path(shutil.copytree(raw, tmp_path / "other")), "Another name")
    command = [sys.executable, "-c", BUILD, str(home.root)]
    old, noise = _hash(home.current()), random.Random(7)
    start = time.monotonic()
    _run([*command, str(other), *only])
    length = time.monotonic() - start
    new = _hash(home.current())
    assert new != old
    whole = set[str]()
    for index in range(kills):
        # Old and new content by turns, so that every finished build differs from the one before it.
        before = _hash(home.current())
        folder = raw if before == new else other
        with subprocess.Popen([*command, str(folder), *only], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep((index + noise.random()) / kills * length * 0.9)
            process.send_signal(signal.SIGKILL)
        current = home.current()
        assert _hash(current) in {old, new}
        if current.id not in whole:
            _assert_whole(current, tmp_path / "check")
            whole.add(current.id)
    _run([*command, str(other), *only])
    assert _hash(home.current()) == new
    _assert_whole(home.current(), tmp_path / "check")
    assert list((home.root / "making").iterdir()) == []
    assert len(home.builds()) <= 3
    assert len(list((home.root / "builds").iterdir())) == len(home.builds()), "no half of a build stays"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _limit_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))


@pytest.mark.parametrize("only", [("reactome",), ()], ids=["refresh", "full build"])
def test_a_file_that_may_not_grow_leaves_the_current_build(home: Home, raw: Path, only: tuple[str, ...]) -> None:
    """As a full disk does: the write fails in the middle."""
    before = home.current()
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(home.root), str(raw), *only],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limit_files,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("BuildError The build was given up: ")
    assert "The current build is as it was." in done.stderr
    assert home.current() == before
    assert list((home.root / "making").iterdir()) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB; only where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this process may not mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_leaves_the_current_build(small_home: Home, raw: Path, tiny_disk: Path) -> None:
    home = Home(tiny_disk / "home")
    shutil.copytree(small_home.current().folder, home.root / "builds" / small_home.current().id)
    shutil.copy(small_home.root / "current", home.root)
    for only in (("reactome",), ()):
        with pytest.raises(BuildError, match=r"The build was given up: .*") as told:
            build(home, _plan(raw, only=only))
        assert "The current build is as it was." in str(told.value)
        assert _hash(home.current()) == _hash(small_home.current())
        with Warehouse(home.current()) as opened:
            assert opened.sql("SELECT count(*) > 0 FROM gene").rows() == [(True,)]
        assert list((home.root / "making").iterdir()) == []


def test_a_second_build_is_refused_or_waits(home: Home, raw: Path) -> None:
    with home.writing():
        with pytest.raises(BuildError, match=rf"Another build is being made.*process {os.getpid()} on"):
            build(home, _plan(raw, only=("dgidb",)))
        command = [sys.executable, "-c", BUILD, str(home.root), str(raw), "dgidb"]
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert waiting.stdout is not None
        waiting.stdout.readline()
        time.sleep(0.5)
        assert waiting.poll() is None
        before = len(home.builds())
    assert waiting.wait(60) == 0
    waiting.stdout.close()
    assert len(home.builds()) == before + 1


def test_a_reader_keeps_its_build_while_others_are_published(home: Home, raw: Path) -> None:
    _rename_pathway(raw, "Another name")
    question = "MATCH (p:Pathway) WHERE p.name = 'Another name' RETURN count(p)"
    stop, seen = threading.Event(), set()
    with Warehouse.open(home.root) as old:
        first = old.build

        def ask() -> None:
            while not stop.is_set():
                seen.add(old.query(question).rows()[0][0])

        reader = threading.Thread(target=ask)
        reader.start()
        # One build is kept: the one that is read is removed under the reader.
        made = build(home, _plan(raw, only=("reactome",), keep=1))
        stop.set()
        reader.join()
        assert seen == {0}
        assert old.query(question).rows() == [(0,)]
        assert old.sql("SELECT count(*) > 0 FROM gene").rows() == [(True,)]
    assert not first.folder.exists()
    with Warehouse.open(home.root) as new:
        assert new.build == made
        assert new.query(question).rows()[0][0] > 0


# -- refresh, equality, difference ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def refreshed_home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The whole sample, to be refreshed source by source."""
    root = tmp_path_factory.mktemp("refreshed") / "home"
    current = sample_home.current()
    shutil.copytree(current.folder, root / "builds" / current.id)
    shutil.copy(sample_home.root / "current", root)
    return Home(root)


@pytest.mark.parametrize("name", [name for name, one in sources().items() if one.is_public])
def test_a_refresh_equals_a_full_rebuild(refreshed_home: Home, sample_home: Home, sample_raw: Path, name: str) -> None:
    whole = sample_home.current().receipt()
    made = build(refreshed_home, _plan(sample_raw, only=(name,), keep=1)).receipt()
    assert made["content_hash"] == whole["content_hash"]
    assert made["counts"] == whole["counts"]
    assert made["refreshed"] == [name]
    assert [one["source"] for one in made["sources"]] == [one["source"] for one in whole["sources"]]
    for before, after in zip(whole["sources"], made["sources"], strict=True):
        assert before["statements"] == after["statements"]
        assert before["statements_quarantined"] == after["statements_quarantined"]
        assert before["status"] == after["status"]


def test_changed_files_refreshed_equal_a_full_rebuild(home: Home, raw: Path, tmp_path: Path) -> None:
    """Of each source in turn: rows are gone, and what referred to them is resolved anew."""
    for name, file in (("hgnc", "hgnc_complete_set.txt"), ("dgidb", "drugs.tsv")):
        path = raw / FOLDER / name / file
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: -max(len(lines) // 30, 1)]))
        refreshed = build(home, _plan(raw, only=(name,)))
        rebuilt = build(Home(tmp_path / f"full-{name}"), _plan(raw))
        assert _hash(refreshed) == _hash(rebuilt), name
        assert refreshed.receipt()["counts"] == rebuilt.receipt()["counts"]
        assert _recomputed(refreshed, tmp_path / "check") == _hash(refreshed)


def test_two_builds_of_the_same_files_are_equal_and_do_not_differ(home: Home, raw: Path) -> None:
    first = home.current()
    second = build(home, _plan(raw))
    assert _hash(first) == _hash(second)
    found = difference(first, second)
    assert found.by_source.is_empty()
    assert found.rows.is_empty()


def test_a_refresh_changes_only_what_its_source_says(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "reactome" / "ReactomePathways.txt"
    newer = raw / "2026-10-01" / "reactome" / path.name
    newer.parent.mkdir(parents=True)
    text = path.read_text().replace("Signaling by SMPK1 and others", "Another name")
    newer.write_text(text + "R-HSA-99999999\tA new pathway\tHomo sapiens\n")
    before = home.current()
    after = build(home, _plan(raw, only=("reactome",), subset=True))
    found = difference(before, after)
    assert set(found.by_source["source"]) == {"reactome"}
    changed = {(row["change"], row["key"]) for row in found.rows.filter(type="Pathway").to_dicts()}
    assert ("added", "reactome:R-HSA-99999999") in changed
    assert ("changed", "reactome:R-HSA-9900001") in changed
    counted = found.by_source.filter(type="Pathway").to_dicts()[0]
    assert (counted["added"], counted["removed"]) == (1, 0)
    assert counted["after"] - counted["before"] == 1
    releases = {one["source"]: {f["release"] for f in one["files"]} for one in after.receipt()["sources"]}
    assert "2026-10-01" in releases["reactome"]
    superseded = {one["source"]: one["superseded"] for one in after.receipt()["sources"]}
    assert superseded["reactome"] == [f"{FOLDER}/reactome/{PATHWAYS}"]
    older = build(home, _plan(raw, only=("reactome",), release=FOLDER))
    assert _hash(older) == _hash(before)


def test_roll_back_and_the_builds_that_are_kept(home: Home, raw: Path) -> None:
    old = home.current()
    for index in range(3):
        _rename_pathway(raw, f"Name {index}")
        made = build(home, _plan(raw, only=("reactome",), keep=3))
        (raw / FOLDER / "reactome" / "ReactomePathways.txt").write_text(
            (raw / FOLDER / "reactome" / "ReactomePathways.txt")
            .read_text()
            .replace(f"Name {index}", "Signaling by SMPK1 and others")
        )
    assert len(home.builds()) == 3
    assert old not in home.builds()
    with home.writing():
        home.point_to(home.previous().id)
    with Warehouse.open(home.root) as opened:
        assert opened.sql("SELECT count(*) FROM pathway WHERE name = 'Name 1'").rows() == [(1,)]
    assert home.current() != made


def test_an_undone_merge_takes_effect_with_the_next_build(sample_raw: Path, tmp_path: Path) -> None:
    """Whatever that build refreshes: here a source that does not speak of genes."""
    raw = tmp_path / "raw"
    for name in ("hgnc", "ncbi_gene", "dgidb"):
        shutil.copytree(sample_raw / FOLDER / name, raw / FOLDER / name)
    home = Home(tmp_path / "home")
    first = build(home, _plan(raw, subset=True))
    old_hash, genes = _hash(first), first.receipt()["counts"]["Gene"]
    with Warehouse(first) as opened:
        merged, canonical = opened.sql("SELECT merged_id, canonical_id FROM merges ORDER BY 1 LIMIT 1").rows()[0]
    with home.writing():
        undo_merge(home, merged, canonical, "they are two")
    refreshed = build(home, _plan(raw, subset=True, only=("dgidb",)))
    assert refreshed.receipt()["counts"]["Gene"] == genes + 1
    with Warehouse(refreshed) as opened:
        told = opened.sql("SELECT active FROM merges WHERE merged_id = $id", id=merged).rows()
        both = opened.sql("SELECT count(*) FROM gene WHERE id IN ($a, $b)", a=merged, b=canonical).rows()
    assert (told, both) == ([(False,)], [(2,)])
    assert _hash(build(home, _plan(raw, subset=True))) == _hash(refreshed)
    with home.writing():
        redo_merge(home, merged, canonical)
    assert _hash(build(home, _plan(raw, subset=True, only=("dgidb",)))) == old_hash


def test_other_species_are_loaded_when_they_are_asked_for(raw: Path, tmp_path: Path, small_home: Home) -> None:
    asked = Options(("Homo sapiens", "Mus musculus"))
    made = build(Home(tmp_path / "mouse"), _plan(raw, options=asked))
    mouse = "SELECT count(*) FROM pathway WHERE id LIKE 'reactome:R-MMU-%'"
    with Warehouse(made) as opened:
        assert opened.sql(mouse).rows()[0][0] > 0
    with Warehouse(small_home.current()) as opened:
        assert opened.sql(mouse).rows() == [(0,)]
    with pytest.raises(SourceError, match="No organism is known as Mus mus"):
        build(Home(tmp_path / "none"), _plan(raw, options=Options(("Mus mus",))))


# -- files that are missing, damaged or short ----------------------------------------------------------------------


def _refused(home: Home, raw: Path, match: str, **options: object) -> str:
    before = home.current()
    with pytest.raises(SourceError, match=match) as told:
        build(home, _plan(raw, **options))
    assert home.current() == before
    assert list((home.root / "making").iterdir()) == []
    return str(told.value)


def test_too_few_rows_fail_with_file_expected_and_got(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "dgidb" / "genes.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]))
    told = _refused(home, raw, r"dgidb: 2026-07-07/dgidb/genes\.tsv gave 14\d good rows of 300 expected \(14\d read")
    assert "--subset" in told


def test_some_rows_too_few_warn(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "dgidb" / "genes.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: int(len(lines) * 0.8)]))
    receipt = build(home, _plan(raw, only=("dgidb",))).receipt()
    status = {one["source"]: one["status"] for one in receipt["sources"]}
    assert status["dgidb"] == "warning"
    assert status["hgnc"] == "green"


def test_a_subset_is_held_to_no_full_count(home: Home, raw: Path) -> None:
    """The manifest gone: without --subset a part of a release is too little of it, with --subset it is what it is."""
    (raw / "targetgraph-subset.json").unlink()
    _refused(home, raw, r"good rows of [\d,]+ expected", only=("hgnc",))
    receipt = build(home, _plan(raw, only=("hgnc",), subset=True)).receipt()
    files = [file for one in receipt["sources"] if one["source"] == "hgnc" for file in one["files"]]
    assert all(file["subset"] and file["status"] == "unpinned" for file in files)


def test_a_missing_required_file_names_it(home: Home, raw: Path) -> None:
    (raw / FOLDER / "reactome" / "ReactomePathways.txt").unlink()
    told = _refused(home, raw, r"reactome: the file pathways is missing below .*ReactomePathways", only=("reactome",))
    assert "It is published at https://download.reactome.org/" in told


def test_nothing_to_build_is_told(home: Home, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    _refused(home, empty, "There is no file of any source below")
    _refused(home, tmp_path / "none", "is no folder")
    _refused(home, empty, "There is no source 'nothing'", only=("nothing",))


def _replace(raw: Path, name: str, file: str, content: bytes) -> None:
    (raw / FOLDER / name / file).write_bytes(content)


PATHWAYS = "ReactomePathways.txt"
GENES = "genes.tsv"


def _lines(raw: Path, name: str, file: str) -> list[bytes]:
    return (raw / FOLDER / name / file).read_bytes().splitlines(keepends=True)


def test_a_truncated_gzip_stops_the_build(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "dgidb" / GENES
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    _replace(raw, "dgidb", GENES + ".gz", packed[: len(packed) // 2])
    _refused(home, raw, r"genes\.tsv\.gz: the file is damaged or was cut off", only=("dgidb",))


def test_an_empty_file_stops_the_build(home: Home, raw: Path) -> None:
    _replace(raw, "dgidb", GENES, b"")
    _refused(home, raw, r"genes\.tsv: the file is empty", only=("dgidb",))


def test_a_workbook_without_its_sheet_stops_the_build(sample_raw: Path, tmp_path: Path, home: Home) -> None:
    path = next((sample_raw / FOLDER).rglob("*.xlsx"))
    damaged = tmp_path / "sheets" / path.name
    damaged.parent.mkdir()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'name="TCGA-CDR"', b'name="Other"'))
    _refused(home, damaged.parent, r"TCGA-CDR.*sheet|sheet.*TCGA-CDR", subset=True)


def test_a_lost_column_stops_the_build(home: Home, raw: Path) -> None:
    lines = _lines(raw, "dgidb", GENES)
    _replace(raw, "dgidb", GENES, lines[0].split(b"\t", 1)[1] + b"".join(line.split(b"\t", 1)[1] for line in lines[1:]))
    _refused(
        home, raw, r"genes\.tsv, line 1: the header lacks the column\(s\) gene_claim_name; it has ", only=("dgidb",)
    )


BAD_ROWS = {
    b"R-HSA-1\tonly two": "wrong_column_count",
    b"R-HSA-1\tx\tHomo sapiens\tmore": "wrong_column_count",
    b"R-HSA-1\t\xff\xfe\tHomo sapiens": "not_utf8",
    b"R-HSA-9900001\tthe key again\tHomo sapiens": "duplicate_key",
    b"no id\tx\tHomo sapiens": "bad_identifier",
}


def test_bad_rows_are_in_quarantine_with_file_row_and_text(home: Home, raw: Path) -> None:
    lines = _lines(raw, "reactome", PATHWAYS)
    _replace(raw, "reactome", PATHWAYS, b"".join([*lines, *(row + b"\n" for row in BAD_ROWS)]))
    made = build(home, _plan(raw, only=("reactome",)))
    name = f"{FOLDER}/reactome/{PATHWAYS}"
    file = next(file for one in made.receipt()["sources"] for file in one["files"] if file["file"] == name)
    assert file["rows_quarantined"] >= len(BAD_ROWS)
    assert set(BAD_ROWS.values()) <= set(file["quarantined"])
    with Warehouse(made) as opened:
        told = opened.sql(
            "SELECT row, reason, raw FROM quarantine WHERE file = $file AND row > $known ORDER BY row",
            file=name,
            known=len(lines),
        ).rows()
    assert [(row, reason) for row, reason, _raw in told] == list(enumerate(BAD_ROWS.values(), len(lines) + 1))
    assert all(raw for _row, _reason, raw in told)


def test_windows_line_ends_and_unknown_columns_change_nothing_that_is_said(home: Home, raw: Path) -> None:
    before = home.current()
    lines = _lines(raw, "dgidb", GENES)
    said = [line.rstrip(b"\n") + (b"\tcolour" if index == 0 else b"\tred") for index, line in enumerate(lines)]
    _replace(raw, "dgidb", GENES, b"\r\n".join(said) + b"\r\n")
    made = build(home, _plan(raw, only=("dgidb",)))
    assert _hash(made) == _hash(before)
    unused = [file["unused_columns"] for one in made.receipt()["sources"] for file in one["files"]]
    assert sum(columns.get("colour", 0) for columns in unused) == len(lines) - 1


def test_a_negative_survival_time_and_a_cif_without_resolution(sample_raw: Path, tmp_path: Path) -> None:
    """The one is set aside; the other is a structure whose resolution is not known, such as one by NMR."""
    raw = tmp_path / "raw"
    (raw / "pdb").mkdir(parents=True)
    cif = next((sample_raw / FOLDER / "pdb").glob("9s0*.cif.gz"))
    text = gzip.decompress(cif.read_bytes()).decode()
    kept = [line for line in text.splitlines() if not line.startswith("_refine.ls_d_res_high")]
    name = cif.name.removesuffix(".gz")
    (raw / "pdb" / name).write_text("\n".join(line for line in kept if "resolution" not in line) + "\n")
    survival = raw / "survival" / "LUAD_survival.txt"
    survival.parent.mkdir()
    survival.write_text(
        "sample\t_PATIENT\tOS\tOS.time\n"
        "TCGA-AA-0001-01\tTCGA-AA-0001\t1\t-5\n"
        "TCGA-AA-0002-01\tTCGA-AA-0002\t0\t100\n"
        "TCGA-AA-0003-01\tTCGA-AA-0003\t0\t200\n"
        "TCGA-AA-0004-01\tTCGA-AA-0004\t0\t300\n"
    )
    made = build(Home(tmp_path / "odd"), _plan(raw, subset=True))
    with Warehouse(made) as opened:
        assert opened.sql("SELECT resolution_angstrom FROM structure").rows() == [(None,)]
        assert opened.sql("SELECT count(*) FROM survival").rows() == [(3,)]
        told = opened.sql("SELECT file, row, reason, detail FROM quarantine WHERE reason = 'out_of_range'").rows()
    assert told[0][:3] == ("survival/LUAD_survival.txt", 2, "out_of_range")
    assert "-5" in told[0][3]


def _study(folder: Path, **files: str) -> Path:
    """A study of cBioPortal with one clinical sample table and others."""
    folder.mkdir(parents=True)
    kinds = {
        "samples": ("CLINICAL", "SAMPLE_ATTRIBUTES"),
        "patients": ("CLINICAL", "PATIENT_ATTRIBUTES"),
        "mutations": ("MUTATION_EXTENDED", "MAF"),
    }
    (folder / "meta_study.txt").write_text("cancer_study_identifier: mine\nname: Mine\n")
    files.setdefault("samples", "PATIENT_ID\tSAMPLE_ID\nP1\tS1\nP2\tS2\n")
    for name, text in files.items():
        kind, datatype = kinds[name]
        (folder / f"data_{name}.txt").write_text(text)
        (folder / f"meta_{name}.txt").write_text(
            f"cancer_study_identifier: mine\ngenetic_alteration_type: {kind}\ndatatype: {datatype}\n"
            f"data_filename: data_{name}.txt\n"
        )
    return folder.parent


def test_odd_values_of_patients_cost_nobody_their_survival(tmp_path: Path) -> None:
    """The oldest (`>89`), a negative time, a status in other words: what is good of each patient is there."""
    patients = "\n".join(
        [
            "PATIENT_ID\tAGE\tSEX\tOS_STATUS\tOS_MONTHS\tDFS_STATUS\tDFS_MONTHS",
            "P1\t60\tMale\t1:DECEASED\t12\t0:DiseaseFree\t6",
            "P2\t>89\tFemale\t0:LIVING\t24\t1:Recurred/Progressed\t3",
            "P3\t70\tMale\t0:LIVING\t-2\t0:DiseaseFree\t9",
            "P4\t71\tMale\tperhaps\t30\t0:DiseaseFree\t12.0 \t\t",
            "\t72\tMale\t0:LIVING\t30\t0:DiseaseFree\t12",
        ]
    )
    raw = _study(tmp_path / "raw" / "study", patients=patients + "\n")
    made = build(Home(tmp_path / "home"), _plan(raw, only=("cbioportal",)))
    with Warehouse(made) as opened:
        shown = opened.sql("SELECT name, age_at_diagnosis_years FROM patient ORDER BY name").rows()
        assert shown == [("P1", 60.0), ("P2", None), ("P3", 70.0), ("P4", 71.0)]
        survival = opened.sql(
            "SELECT right(patient_id, 2), endpoint, time_days, event FROM survival ORDER BY 1, 2"
        ).rows()
        assert survival == [
            *(("P1", "DFS", 183.0, 0), ("P1", "OS", 365.0, 1), ("P2", "DFS", 91.0, 1), ("P2", "OS", 730.0, 0)),
            *(("P3", "DFS", 274.0, 0), ("P4", "DFS", 365.0, 0)),
        ]
        told = opened.sql('SELECT "row", scope, "column", value, reason FROM quarantine ORDER BY "row", scope').rows()
    assert told[:3] == [
        (3, "cell", "age_at_diagnosis_years", ">89", "bad_value"),
        (4, "cell", "time_days", "-61.0", "out_of_range"),
        (5, "cell", "OS_STATUS", "perhaps", "bad_value"),
    ]
    assert [(row, scope) for row, scope, *_rest in told[3:]] == [(6, "row")], "nobody's row leaves whole, and once"
    (account,) = made.receipt()["sources"]
    (file,) = (file for file in account["files"] if file["part"] == "patients")
    assert (file["rows_read"], file["rows_kept"], file["rows_quarantined"]) == (5, 4, 1)
    assert file["cells"] == {"bad_value": 2, "out_of_range": 1}


_MAF = "Hugo_Symbol\tChromosome\tStart_Position\tVariant_Classification\tReference_Allele\tTumor_Seq_Allele2\t"
_MAF += "Tumor_Sample_Barcode\n"
_VARIANTS = ("TP53\t17\t7577121\tMissense_Mutation\tG\tA\tS1", "KRAS\t12\t25398284\tMissense_Mutation\tC\tT\tS2")


@pytest.mark.parametrize(
    ("end", "rows", "status"), [("", 2, "unpinned"), ("\t\t", 2, "unpinned"), ("\tx\ty", 0, "warning")]
)
def test_a_file_of_which_nothing_is_kept_is_never_green(tmp_path: Path, end: str, rows: int, status: str) -> None:
    """Empty fields at the end of a MAF's rows are no fault; others set the rows aside, and the source says so."""
    raw = _study(tmp_path / "raw" / "study", mutations=_MAF + "".join(f"{row}{end}\n" for row in _VARIANTS))
    made = build(Home(tmp_path / "home"), _plan(raw, only=("cbioportal",), subset=True))
    (account,) = made.receipt()["sources"]
    (file,) = (file for file in account["files"] if file["part"] == "mutations")
    assert (file["rows_kept"], file["status"]) == (rows, status)
    assert account["status"] == status
