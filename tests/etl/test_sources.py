"""Every source, by its fixture: what it reads, keeps and sets aside; and what it does with damaged files."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.locate import Folder, FoundFile, find
from etl.reading import new_ledger, read
from etl.rows import Ledger
from etl.source import Source, source, sources
from warehouse.checks import REJECTED_SCHEMA
from warehouse.documents.media_types import bare_name
from warehouse.documents.unpacking import unpacked
from warehouse.errors import SourceError
from warehouse.model import MODEL

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = list(sources())


def _expected(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / name / "expected.json").read_text())  # type: ignore[no-any-return]


def _files(name: str) -> tuple[Source, list[FoundFile]]:
    declared = source(name)
    return declared, list(find(declared, Folder(FIXTURES / name, subset=True)).files)


def _account(ledgers: list[Ledger]) -> dict[str, int]:
    return {
        "read": sum(ledger.rows_read for ledger in ledgers),
        "kept": sum(ledger.rows_kept for ledger in ledgers),
        "quarantined": sum(ledger.rows_quarantined for ledger in ledgers),
        "out_of_scope": sum(ledger.rows_out_of_scope for ledger in ledgers),
    }


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    return dict(sum(map(Counter, counts), Counter()))


def test_every_source_has_a_fixture() -> None:
    assert sorted(path.parent.name for path in FIXTURES.glob("*/expected.json")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_source_reads_its_fixture(name: str) -> None:
    declared, files = _files(name)
    expected = _expected(name)
    ledgers: dict[str, list[Ledger]] = {}
    statements: Counter[str] = Counter()
    matrices: Counter[str] = Counter()
    withdrawn: set[str] = set()
    for file in files:
        ledger = new_ledger(file, declared.options, withdrawn)
        ledgers.setdefault(file.part, []).append(ledger)
        for batch in read(file, declared.part(file.part), ledger):
            for type_name, frame in batch.statements:
                statements.update({type_name: frame.height} if frame.height else {})
            matrices.update({matrix.name: matrix.frame.height for matrix in batch.matrices})
    every = [ledger for group in ledgers.values() for ledger in group]
    assert {part: _account(group) for part, group in ledgers.items()} == expected["parts"]
    assert dict(statements) == expected["statements"]
    assert dict(matrices) == expected.get("matrices", {})
    assert _summed(ledger.rejected_by_reason for ledger in every) == expected.get("reasons", {})
    assert _summed(ledger.cells for ledger in every) == expected.get("cells", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_shows_bad_rows_and_a_packed_file(name: str) -> None:
    assert _expected(name).get("reasons"), "a fixture has at least one bad row"
    packed = [path for path in (FIXTURES / name).rglob("*") if path.suffix in {".gz", ".zip", ".xlsx"}]
    assert packed, "a fixture has at least one packed file"


@pytest.mark.parametrize("name", NAMES)
def test_a_source_declares_what_users_need(name: str) -> None:
    declared = source(name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", declared.name)
    assert declared.title
    assert declared.description.endswith(".")
    assert declared.homepage.startswith("https://")
    assert declared.licence.url.startswith("https://")
    assert len({part.part for part in declared.files}) == len(declared.files)
    for part in declared.files:
        assert part.patterns
        assert part.parse.__doc__, f"{part.part}: the parse function says which file it reads"
        if part.remote is not None:
            assert re.match(r"https?://", part.remote.url)
            assert part.remote.release
            assert part.remote.sha256 is not None or not part.remote.second_hand
            assert (part.remote.least_rows or 0) <= (part.remote.most_rows or 1 << 40)
        for pin in part.pins:
            assert re.fullmatch(r"[0-9a-f]{64}", pin.content_sha256)
            assert pin.rows > 0


def test_ranks_tell_sources_apart_by_name() -> None:
    assert all(0 < source(name).rank < 100 for name in NAMES)


#: What stands in a field of a messy table: missing values, numbers as people write them, composite identifiers, junk.
_ODD_FIELDS = (
    *(b"", b" ", b"NA", b"N/A", b"nan", b"null", b"None", b"-", b".", b"?"),
    *(b">89", b"1,234", b" 12.5 ", b"12 months", b"-1", b"-0", b"0", b"0.5", b"1e400", b"-999999999999", b"9" * 20),
    *(b"sp|P04637|P53_HUMAN", b"TP53|7157", b"TP53 (7157)", b"ENSG00000141510.17", b"TCGA-ZZ-A001-01A-11R-A000-07"),
    *(b'"', b'"quoted"', b'"a, b"', b"x" * 5000, b"2020-13-45", "caf\u00e9 \U0001f9ec".encode()),
)
_LINE_FAULTS = ("cut field", "extra field", "not utf-8", "blank", "repeat", "swap", "field", "windows", "quote")
_TABLE_FAULTS = ("mark", "windows everywhere", "trailing fields", "no last newline", "repeated column", "lost corner")


def _damages() -> st.SearchStrategy[tuple[str, int, int]]:
    return st.tuples(st.sampled_from([*_LINE_FAULTS * 2, *_TABLE_FAULTS]), st.integers(0, 10**6), st.integers(0, 10**6))


def _damage(content: bytes, faults: list[tuple[str, int, int]]) -> bytes:
    """Damage lines of a text, or all of it, whatever its format."""
    lines = content.split(b"\n")
    for kind, at, seed in faults:
        if kind in _LINE_FAULTS:
            _damage_line(lines, at % len(lines), kind, random.Random(seed))
        else:
            lines = _damage_table(lines, kind, random.Random(seed))
    return b"\n".join(lines)


def _damage_line(lines: list[bytes], index: int, kind: str, noise: random.Random) -> None:
    line = lines[index]
    separator = b"\t" if b"\t" in line else b","
    fields = line.split(separator)
    place = noise.randrange(len(fields))
    changed = {
        "cut field": separator.join(fields[:place] + fields[place + 1 :]),
        "extra field": line + separator + b"extra",
        "not utf-8": line[: len(line) // 2] + b"\xff\xfe" + line[len(line) // 2 :],
        "blank": b"",
        "swap": lines[noise.randrange(len(lines))],
        "windows": line + b"\r",
        "quote": separator.join(b'"' + field + b'"' if field else field for field in fields),
        "field": separator.join([*fields[:place], noise.choice(_ODD_FIELDS), *fields[place + 1 :]]),
    }
    if kind == "repeat":
        lines.insert(index, line)
    else:
        lines[index] = changed[kind]


def _damage_table(lines: list[bytes], kind: str, noise: random.Random) -> list[bytes]:
    separator = b"\t" if any(b"\t" in line for line in lines) else b","
    if kind == "mark":
        return [b"\xef\xbb\xbf" + lines[0], *lines[1:]]
    if kind == "windows everywhere":
        return [line + b"\r" if line else line for line in lines]
    if kind == "trailing fields":
        return [line + separator * noise.randrange(3) if line else line for line in lines]
    if kind == "repeated column":
        place = noise.randrange(lines[0].count(separator) + 1)
        return [separator.join([*line.split(separator), *line.split(separator)[place : place + 1]]) for line in lines]
    if kind == "lost corner":
        return [lines[0].split(separator, 1)[-1], *lines[1:]]
    return [*lines[:-1], lines[-1]] if lines[-1] else lines[:-1]


def _text_files() -> Iterator[tuple[str, FoundFile]]:
    for name in NAMES:
        for file in _files(name)[1]:
            if not bare_name(file.name).endswith((".xlsx", ".h5ad", ".h5", ".parquet")):
                yield name, file


_TEXT_FILES = list(_text_files())


def _messy(name: str, file: FoundFile, faults: list[tuple[str, int, int]], folder: Path) -> FoundFile:
    """A damaged copy of a file among its neighbours."""
    with file.path.open("rb") as raw, unpacked(raw, file.path.name, zips=True) as content:
        damaged = _damage(content.read(), faults)
    for neighbour in file.path.parent.iterdir():
        if neighbour.is_file():
            (folder / neighbour.name).write_bytes(neighbour.read_bytes())
    path = folder / file.path.name
    path.write_bytes(gzip.compress(damaged) if path.suffix == ".gz" else damaged)
    if path.suffix in {".zip", ".xz"}:
        path = path.rename(path.with_suffix(""))
    return replace(file, path=path)


def _hold_the_account(name: str, file: FoundFile, original: str) -> None:
    """A file is read to its end with every row and value accounted for, or refused with a message that names it."""
    part = source(name).part(file.part)
    ledger = new_ledger(file, source(name).options)
    kept: set[int] = set()
    try:
        for batch in read(file, part, ledger):
            for type_name, frame in batch.statements:
                assert set(frame.columns) >= {"_row"}
                assert frame["_row"].null_count() == 0
                assert type_name in {**MODEL.entities, **MODEL.relationships, **MODEL.tables}
                kept.update(frame["_row"].to_list())
            for matrix in batch.matrices:
                assert matrix.frame["value"].is_finite().all()
                assert not matrix.frame.select(pl.struct("row_id", "feature").is_duplicated().any()).item()
                kept.update(matrix.frame["_row"].to_list())
    except SourceError as error:
        assert file.path.name in str(error) or original in str(error)
        return
    assert ledger.rows_read == ledger.rows_kept + ledger.rows_quarantined + ledger.rows_out_of_scope
    assert ledger.rows_kept >= 0
    assert not kept & ledger._quarantined, "a row is kept or set aside, never both"
    entries = pl.concat(ledger.rejected) if ledger.rejected else pl.DataFrame(schema=REJECTED_SCHEMA)
    assert entries.schema == REJECTED_SCHEMA
    assert set(entries.filter(pl.col("scope") == "row")["_row"]) == ledger._quarantined
    cells = entries.filter(pl.col("scope") == "cell")
    assert not set(cells["_row"]) & (ledger._quarantined | ledger._out_of_scope), "a value is of a row that is kept"
    assert cells["column"].null_count() == 0
    assert cells.filter(pl.col("reason") != "missing_value")["value"].null_count() == 0
    assert sum(ledger.cells.values()) == entries.filter(pl.col("scope").is_in(["cell", "column"])).height
    assert sum(ledger.rejected_by_reason.values()) == entries.height - sum(ledger.cells.values())


@pytest.mark.parametrize(("name", "file"), _TEXT_FILES, ids=[f"{name}-{file.name}" for name, file in _TEXT_FILES])
@given(faults=st.lists(_damages(), min_size=1, max_size=6))
@settings(max_examples=6)
def test_rows_in_are_rows_kept_and_rows_set_aside(
    name: str, file: FoundFile, faults: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is wrong with a file of any source."""
    _hold_the_account(name, _messy(name, file, faults, tmp_path_factory.mktemp("damaged")), file.name)


@given(st.sampled_from(_TEXT_FILES), st.lists(_damages(), min_size=1, max_size=12))
@settings(max_examples=300)
def test_messy_tables_are_read_with_every_row_and_value_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, FoundFile], faults: list[tuple[str, int, int]]
) -> None:
    """Many faults at a time, in files of all sources."""
    name, file = chosen
    _hold_the_account(name, _messy(name, file, faults, tmp_path_factory.mktemp("messy")), file.name)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_truncated_gzip_is_refused_by_name(tmp_path: Path, cut: float) -> None:
    packed = gzip.compress(b"\n".join(b"R-HSA-%d\tname\tHomo sapiens" % n for n in range(5000)))
    path = tmp_path / "ReactomePathways.txt.gz"
    path.write_bytes(packed[: int(len(packed) * cut)])
    (tmp_path / "ReactomePathwaysRelation.txt").write_text("R-HSA-1\tR-HSA-2\n")
    with pytest.raises(SourceError, match=r"ReactomePathways\.txt\.gz: the file is damaged or was cut off") as caught:
        files = find(source("reactome"), Folder(tmp_path, subset=True)).files
        list(read(files[0], source("reactome").part("pathways"), new_ledger(files[0], source("reactome").options)))
    assert caught.value.__notes__ == ["In ReactomePathways.txt.gz, the file pathways of reactome."]
