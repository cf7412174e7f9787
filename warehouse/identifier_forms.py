"""The forms in which identifiers are written, wherever they are read: by sources, analyses, lists and pages.

What a text means is decided by the names of a build (`warehouse.analyst.identifiers`, `warehouse.tables.resolve`); here
is only what its form says: that it stands for a missing value, has a prefix, a version or the number of an isoform, or
joins several identifiers of one thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from warehouse.model.biolink import FROM_BIOLINK

#: Texts that stand for a missing value, in lower case; a prefix makes a name of them (`hgnc.symbol:NA`).
MISSING = frozenset(
    {"", "#n/a", "#na", "(null)", "<na>", "\\n", "n.a.", "n/a", "na", "nan", "nil", "none", "null", "?", "-nan"}
)
#: The same as a pattern, for columns of texts; besides the words above, nothing but dashes, dots and underscores.
MISSING_PATTERN = rf"(?i)^\s*(?:{'|'.join(re.escape(word) for word in sorted(MISSING))}|[-._–—]*)\s*$"
_MISSING = re.compile(MISSING_PATTERN)

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"))
_HYPHENS = {ord(hyphen): "-" for hyphen in "\u2010\u2011\u2012\u2013\u2212"}

_ACCESSION = r"(?:[opq]\d[a-z0-9]{3}\d|[a-nr-z]\d(?:[a-z][a-z0-9]{2}\d){1,2})"
_UNIPROT = re.compile(rf"^{_ACCESSION}$")
_ISOFORM = re.compile(rf"^({_ACCESSION})(?:-\d+|-pro_\d+)$")
_REFSEQ = r"[anwxyz][cgmprtwz]_\d+"
#: Behind the version of Ensembl's identifiers GENCODE writes that of the mapping to GRCh37 (`_2`), or `_PAR_Y`.
_VERSION = re.compile(rf"^(?:(ens[a-z]*\d{{11}})(?:\.\d+(?:_\d{{1,2}})?)?(?:_par_y)?|({_REFSEQ}|{_ACCESSION})\.\d+)$")
_WHOLE_NUMBER = re.compile(r"^(\d+)\.0+$")
_NUMBER = re.compile(r"^\d+$")
#: The extended form of an identifier of the Protein Data Bank that has a short one too, in lower case.
EXTENDED_PDB_PATTERN = r"^pdb_0000(\d[a-z0-9]{3})$"
_EXTENDED_PDB = re.compile(EXTENDED_PDB_PATTERN)
_EXTENDED_PDB_CURIE = re.compile(r"^(?:pdb:)?pdb_0000(\d[a-z0-9]{3})$", re.IGNORECASE)
_DECOY = re.compile(r"^>?(?:rev_|con__|decoy_|xxx_|##)", re.IGNORECASE)

_URL = re.compile(r"^https?://(?:www\.)?identifiers\.org/([\w.]+)[/:](.+)$", re.IGNORECASE)
_OBO = re.compile(r"^(?:https?://purl\.obolibrary\.org/obo/)?([a-z]+)_(\d+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """An identifier without what only decorates it.

    Args:
        prefix: Bioregistry's prefix, in lower case; None where the text has none.
        local: the rest, in lower case, without version and number of an isoform.
        note: what was left out, in words.
    """

    prefix: str | None
    local: str
    note: str = ""


def cleaned(text: str) -> str:
    """The text without invisible characters, surrounding blanks and quotes, and with plain hyphens.

    >>> cleaned(' "HLA\\u2011A"\\ufeff ')
    'HLA-A'
    """
    bare = text.translate(_INVISIBLE).translate(_HYPHENS).strip()
    while len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'":
        bare = bare[1:-1].strip()
    return bare


def is_missing(text: str) -> bool:
    """Whether a text stands for a missing value, as R, pandas, spreadsheets and publishers write it.

    >>> [is_missing(text) for text in ("NA", "nan", " ", "--", "#N/A", "?|?", "NAT1", "hgnc.symbol:NA")]
    [True, True, True, True, True, True, False, False]
    """
    return all(_MISSING.match(cleaned(part)) for part in cleaned(text).split("|"))


def with_short_pdb_id(entity_id: str) -> str:
    """The id of an entity as the warehouse has it; an entry of the Protein Data Bank goes by its short identifier.

    >>> with_short_pdb_id("pdb:pdb_00001ah1"), with_short_pdb_id("PDB_00001AH1"), with_short_pdb_id("uniprot:P04637")
    ('pdb:1ah1', 'pdb:1ah1', 'uniprot:P04637')
    """
    extended = _EXTENDED_PDB_CURIE.match(entity_id)
    return f"pdb:{extended[1].lower()}" if extended else entity_id


def is_decoy(text: str) -> bool:
    """Whether a search engine of mass spectra marks an entry as a decoy or a contaminant: it names no hit.

    >>> is_decoy("REV__sp|P38398|BRCA1_HUMAN"), is_decoy("CON__P02768"), is_decoy("REV1")
    (True, True, False)
    """
    return _DECOY.match(cleaned(text)) is not None


def form_of(text: str) -> Form:
    """Take an identifier apart: the prefix as anyone writes it, versions, isoforms.

    >>> form_of("UniProtKB:P04637-2")
    Form(prefix='uniprot', local='p04637', note='isoform P04637-2')
    >>> form_of("ENSG00000141510.17").local
    'ensg00000141510'
    >>> form_of("MONDO_0005233")
    Form(prefix='mondo', local='0005233', note='')
    >>> form_of("pdb_00009AA9").local
    '9aa9'
    """
    bare = cleaned(text)
    written = None if _EXTENDED_PDB.match(bare.lower()) else _URL.match(bare) or _OBO.match(bare)
    if written and (written.re is _URL or written[1].lower() in FROM_BIOLINK):
        bare = f"{written[1]}:{written[2]}"
    prefix, local = None, bare
    while ":" in local:
        head, _colon, rest = local.partition(":")
        known = FROM_BIOLINK.get(head.lower().strip(), head.lower().strip())
        if not rest or (prefix is not None and known != prefix):
            break
        prefix, local = known, rest.strip()
    folded = local.lower()
    if isoform := _ISOFORM.match(folded):
        return Form(prefix, isoform[1], f"isoform {local}")
    if entry := _EXTENDED_PDB.match(folded):
        return Form("pdb", entry[1], f"short form of {local}")
    if version := _VERSION.match(folded):
        return Form(prefix, version[1] or version[2], "" if version[1] else f"version {local}")
    if number := _WHOLE_NUMBER.match(folded):
        return Form(prefix, number[1], f"the number {local}")
    return Form(prefix, folded)


#: How stable a kind of identifier is; of two in one text that disagree the smaller stands for the text.
_HGNC, _ENSEMBL_GENE, _ENTREZ, _UNIPROT_RANK, _OTHER_ACCESSION, _NAME = range(6)


@dataclass(frozen=True)
class Part:
    """One of several identifiers in a text.

    Args:
        text: as it is written.
        rank: how stable its kind is, from 0 on.
    """

    text: str
    rank: int

    @property
    def is_identifier(self) -> bool:
        """Whether it is an accession; else it is a symbol or a name."""
        return self.rank < _NAME

    @property
    def is_foreign(self) -> bool:
        """Whether it is Ensembl's identifier of another species than ours."""
        return re.match(r"(?i)^(?:ensembl:)?ens[a-z]+[gtpe]\d{11}", self.text) is not None


#: Databases in the headers of FASTA files, each followed by an accession.
_TAGS = frozenset({"sp", "tr", "ref", "gb", "emb", "dbj", "tpg", "tpe", "tpd", "nxp"})
_FASTA = re.compile(rf"^>?(?:{'|'.join(sorted(_TAGS))}|gi|lcl|gnl|pdb)\|", re.IGNORECASE)
_TAG = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_TAGS))}|gi)\|", re.IGNORECASE)
#: What stands between texts, never within one that joins several identifiers.
_SEPARATOR = re.compile(r"[,;\t]")
_ENSEMBL = r"ENS[A-Z]*[GTPE]\d{11}(?:\.\d+)?"
_JOINED = re.compile(rf"^(?:({_ENSEMBL})[_:/](?!PAR_Y|\d{{1,2}}$)(.+)|(.+)[_:/]({_ENSEMBL}))$", re.IGNORECASE)
_BRACKETED = re.compile(r"^([^\s()\[\]]+)\s*(?:\(([^()]+)\)|\[([^\[\]]+)\])$")
_PLAIN_WORD = re.compile(r"^[^\W\d_]?[^\W\d_A-Z]+$")
#: In longer texts a bare number is a length or a position, and a word may be the kind of a transcript.
_MOST_SHORT_PARTS = 3


def parts_of(text: str) -> tuple[Part, ...]:
    """The identifiers that a text joins, the most stable first; nothing where it is no such text.

    Read are headers of FASTA files (`sp|P38398|BRCA1_HUMAN`, `gi|..|ref|NP_..|`), texts with bars (`TP53|7157`,
    `ENSG..|TP53`), a symbol with an identifier in brackets (`TP53 (7157)`), and one joined to Ensembl's identifier
    (`ENSG.._TP53`). What stands for a missing value (`?|100130426`) is left out.

    >>> [part.text for part in parts_of("sp|P38398|BRCA1_HUMAN")]
    ['P38398', 'BRCA1_HUMAN']
    >>> [part.text for part in parts_of("TP53|7157")]
    ['7157', 'TP53']
    >>> parts_of("TP53")
    ()
    """
    bare = cleaned(text)
    if is_decoy(bare):
        return ()
    if is_header(bare):
        first, *description = bare.split(maxsplit=1)
        alone = not _SEPARATOR.search(first) and not any(map(_TAG.search, description))
        return _of_header(first) if alone else ()
    several = _SEPARATOR.search(bare) or sum("|" in word.strip("|") for word in bare.split()) > 1
    texts = [] if several else _joined_in(bare)
    return _ranked([part for part in texts if not is_missing(part)])


def is_header(text: str) -> bool:
    """Whether a text begins as the header of a FASTA file: its tags are no names.

    >>> is_header("sp|P38398|BRCA1_HUMAN"), is_header("TP53|7157")
    (True, False)
    """
    return _FASTA.match(cleaned(text)) is not None


def _joined_in(bare: str) -> list[str]:
    """The texts that bars, brackets or a sign beside Ensembl's identifier join."""
    if "|" in bare:
        return [cleaned(part) for part in bare.split("|")]
    if found := _BRACKETED.match(bare):
        inner = cleaned(found[2] or found[3])
        return [] if " " in inner or _PLAIN_WORD.match(inner) else [found[1], inner]
    found = _JOINED.match(bare)
    if found is None or (found[3] or "").lower() in {"ensembl", "ensembl.gene"}:
        return []
    return [found[1] or found[4], found[2] or found[3]]


def _of_header(header: str) -> tuple[Part, ...]:
    """The accessions of a FASTA header, and the name of a UniProt entry; numbers of `gi` are no genes."""
    words = header.lstrip(">").split("|")
    parts: list[str] = []
    while words:
        tag = words.pop(0).lower()
        if tag in _TAGS and words:
            parts.append(words.pop(0))
            if words and words[0].lower() not in _TAGS:
                parts.append(words.pop(0))
        elif tag in {"gi", "lcl", "gnl", "pdb"} and words:
            words.pop(0)
    return _ranked([part for part in parts if not is_missing(part) and not _NUMBER.match(part)])


def _ranked(texts: list[str]) -> tuple[Part, ...]:
    parts = sorted((Part(text, _rank(text)) for text in texts), key=lambda part: part.rank)
    if len(texts) > _MOST_SHORT_PARTS:
        long = [part for part in parts if not _NUMBER.match(part.text)]
        parts = [part for part in long if part.is_identifier] or long
    return tuple(parts)


def _rank(text: str) -> int:
    form = form_of(text)
    if form.prefix == "hgnc":
        return _HGNC
    if form.prefix == "ncbigene" or _NUMBER.match(form.local):
        return _ENTREZ
    if re.match(r"^ens[a-z]*g\d{11}$", form.local):
        return _ENSEMBL_GENE
    if form.prefix == "uniprot" or _UNIPROT.match(form.local):
        return _UNIPROT_RANK
    if re.match(rf"^(?:ens[a-z]*\d{{11}}|{_REFSEQ})$", form.local) or form.prefix in {"refseq", "ensembl"}:
        return _OTHER_ACCESSION
    return _NAME
