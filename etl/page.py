"""The page of the docs that lists the sources: made from their declarations."""

from __future__ import annotations

from collections.abc import Iterable

from etl.source import Licence, Remote, Source, SourceFile

_HEAD = """# The sources

This page is made from the declarations in `etl/sources/` (`targetgraph sources --markdown`); a test holds it to them.
Of two sources that give different values for one property, the one with the smaller rank is shown; both stay in the
warehouse (`SELECT * FROM conflicts`). A file may be given plain, as `.gz`, `.xz` or `.zip`.
"""


def page(sources: Iterable[Source]) -> str:
    """The page `docs/sources.md`."""
    return "\n".join([_HEAD, *(_source(one) for one in sources)]).rstrip() + "\n"


def _source(source: Source) -> str:
    licence = source.licence
    passed_on = "may be passed on" if licence.redistributable else "must not be passed on"
    lines = [
        f"## {source.title} (`{source.name}`)\n",
        f"{source.description} Homepage: <{source.homepage}>. Licence: [{licence.name}]({licence.url}), {passed_on}. "
        f"Rank: {source.rank}.\n",
        "| file | looked for as | required | fetched from | known releases (rows) |",
        "|---|---|---|---|---|",
        *(_file(part) for part in source.files),
        *_own_terms(source),
    ]
    return "\n".join(lines) + "\n"


def _own_terms(source: Source) -> list[str]:
    """The licences of files that are not under that of the source."""
    parts: dict[Licence, list[str]] = {}
    for part in source.files:
        if isinstance(part.licence, Licence):
            parts.setdefault(part.licence, []).append(part.part)
    lines = [
        f"\n{', '.join(names)}: [{licence.name}]({licence.url}), "
        f"{'may be passed on' if licence.redistributable else 'must not be passed on'}."
        for licence, names in parts.items()
    ]
    if any(callable(part.licence) for part in source.files):
        lines.append("\nWhere a file's own description says under which licence it stands, that holds instead.")
    return lines


def _file(part: SourceFile) -> str:
    patterns = "<br>".join(f"`{pattern}`" for pattern in part.patterns)
    remote = _remote(part.remote) if part.remote else "by hand"
    known = list(dict.fromkeys(f"{pin.release} ({pin.rows:,}{', subset' if pin.subset else ''})" for pin in part.pins))
    pins = "<br>".join(known[:6])
    more = f"<br>and {len(known) - 6} more" if len(known) > 6 else ""
    return f"| {part.part} | {patterns} | {'yes' if part.required else 'no'} | {remote} | {pins}{more} |"


def _remote(remote: Remote) -> str:
    pinned = ", checksum second-hand" if remote.second_hand else ""
    return f"<{remote.url}> ({remote.release}{pinned})"
