"""`python -m benchmarks analyst [--part NAME ...] [--home FOLDER | --raw FOLDER]`: what an analyst waits for.

Each module of this package whose name has no underscore in front is a part: it has `run(home, small)`, which gives
figures. Without `--home` a build is made from the folder of downloads; a home that is given is not written to.
`--small` asks a tenth, to see that everything works; its figures have no goals. The parts `pages` and `users` serve
the dashboard and visit it through web sockets, as tabs of a browser do; what the browser does after is not measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import DATA, Figure, targetgraph
from benchmarks.parts import parser_of, run_parts


def run(arguments: list[str]) -> list[Figure]:
    """Run the parts that are named, or all of them."""
    parser = parser_of(__name__)
    parser.add_argument("--raw", type=Path, default=DATA, help="the folder of downloads")
    parser.add_argument("--home", type=Path, help="a warehouse that is already built")
    options = parser.parse_args(arguments)
    with _home(options.home, options.raw) as home:
        return run_parts(__name__, options, home)


@contextmanager
def _home(given: Path | None, raw: Path) -> Iterator[Path]:
    """A folder of a warehouse that may be written to, so that runs and lists of a user stay untouched."""
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        home = Path(folder)
        if given is None:
            targetgraph("build", "--raw", str(raw), "--home", folder, "--format", "json")
        else:
            build = (given / "current").read_text(encoding="utf-8").strip()
            (home / "builds").mkdir()
            (home / "builds" / build).symlink_to((given / "builds" / build).resolve(), target_is_directory=True)
            (home / "current").write_text(build, encoding="utf-8")
        yield home
