"""What is known of a run: the account that is kept beside its results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from warehouse.results.evidence import Evidence

#: The prefix of the ids of runs in the graph.
RUN_PREFIX = "targetgraph.run:"


@dataclass(frozen=True)
class Artefact:
    """A file that a run handed back.

    Args:
        name: its name within the run (`thumbnails/tile_1.png`).
        media_type: what it holds.
        size_bytes: its size.
        sha256: the checksum of its bytes.
    """

    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class RunRecord:
    """The account of one run.

    Args:
        run: its name: the analysis and a hash of everything that fixes its results.
        analysis: the name of the analysis.
        title: what the analysis does, in a few words.
        parameters: its options, as JSON knows them.
        seed: the seed.
        code_version: the version of the code that computed it.
        build: the id of the build that it read.
        build_content_hash: the content of that build.
        started_at, ended_at: ISO 8601, UTC.
        metrics: held-out metrics and other figures.
        notes: sentences that a reader of the results must know.
        counts: rows by type.
        tables: the names of its further tables.
        libraries: the version of each library that the code imports, by distribution.
        artefacts: the files that it handed back, by name.
        evidence: how good its predictions are; None in runs of earlier versions, or where nothing is predicted.
    """

    run: str
    analysis: str
    title: str
    parameters: Mapping[str, Any]
    seed: int
    code_version: str
    build: str
    build_content_hash: str
    started_at: str
    ended_at: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)
    artefacts: tuple[Artefact, ...] = ()
    evidence: Evidence | None = None

    @property
    def id(self) -> str:
        """The id of its node in the graph."""
        return RUN_PREFIX + self.run

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)).total_seconds()

    def to_json(self) -> str:
        """The account as it is kept."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """The account from what was kept; what a later version added is passed over.

        Raises:
            ValueError, TypeError: it is no account.
        """
        document = json.loads(text)
        known = {one.name for one in fields(cls)}
        given = {name: value for name, value in document.items() if name in known}
        artefacts = tuple(Artefact(**one) for one in given.get("artefacts", ()))
        lists = {"notes": tuple(given["notes"]), "tables": tuple(given["tables"]), "artefacts": artefacts}
        evidence = given.get("evidence")
        read = None if evidence is None else Evidence.from_document(evidence)
        return cls(**{**given, **lists, "evidence": read})


def run_name(
    analysis: str, parameters: Mapping[str, Any], seed: int, build_content_hash: str, code_version: str
) -> str:
    """The name of a run: equal for what must give equal results.

    >>> run_name("ecv", {"cohort": "c"}, 7, "1a2b", "0.1.0+3c4d")
    'ecv-e236a1e98f24'
    """
    what = json.dumps([analysis, parameters, seed, build_content_hash, code_version], sort_keys=True)
    return f"{analysis}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
