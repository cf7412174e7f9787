"""The smallest Excel workbook that readers accept: sheets of text, as Office Open XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from etl.sample.output import zipped

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """The bytes of a workbook.

    Args:
        sheets: the rows of each sheet, header first; numbers become numbers, None an empty cell, the rest text.
    """
    numbered = {f"sheet{number}.xml": rows for number, rows in enumerate(sheets.values(), 1)}
    members = {
        "[Content_Types].xml": _content_types(list(numbered)),
        "_rels/.rels": _relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _book(list(sheets)),
        "xl/_rels/workbook.xml.rels": _relationships(
            {f"rId{number}": ("worksheet", f"worksheets/{name}") for number, name in enumerate(numbered, 1)}
        ),
        **{f"xl/worksheets/{name}": _sheet(rows) for name, rows in numbered.items()},
    }
    return zipped({name: (_HEAD + text).encode() for name, text in members.items()})


def _content_types(names: Sequence[str]) -> str:
    parts = {"/xl/workbook.xml": "sheet.main", **{f"/xl/worksheets/{name}": "worksheet" for name in names}}
    overrides = "".join(
        f'<Override PartName="{part}" ContentType="{_MEDIA}.{kind}+xml"/>' for part, kind in parts.items()
    )
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    defaults = (
        f'<Default Extension="rels" ContentType="{relations}"/><Default Extension="xml" ContentType="application/xml"/>'
    )
    return f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{overrides}</Types>'


def _relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _book(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, 1)
    )
    return f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _sheet(rows: Sequence[Sequence[object]]) -> str:
    lines = "".join(
        f'<row r="{number}">{"".join(_cell(value, f"{_letters(column)}{number}") for column, value in enumerate(row))}'
        "</row>"
        for number, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_SHEETS}"><sheetData>{lines}</sheetData></worksheet>'


def _cell(value: object, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def _letters(column: int) -> str:
    """The letters of a column, from 0.

    >>> _letters(0), _letters(26)
    ('A', 'AA')
    """
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % 26) + letters
        column = column // 26 - 1
    return letters
