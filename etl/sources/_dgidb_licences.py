"""The terms of the databases that DGIdb collects, as its page of sources lists them (dgidb.org/browse/sources).

A database that is not listed, or whose terms DGIdb could not learn, is not passed on: its statements carry a licence
that allows nothing.
"""

from __future__ import annotations

import polars as pl

_CLOSED = "not redistributable"

#: By the name of the database as DGIdb writes it, in small letters.
LICENCES = {
    **dict.fromkeys(("civic",), "CC0-1.0"),
    **dict.fromkeys(("nci", "fda"), "public domain (U.S. Government)"),
    **dict.fromkeys(("chembl", "chemblinteractions", "chembldrugs"), "CC BY-SA 3.0"),
    **dict.fromkeys(("guidetopharmacology", "pharmgkb", "clinpgx", "humanproteinatlas", "pharos"), "CC BY-SA 4.0"),
    **dict.fromkeys(("docm", "go", "dgene"), "CC BY 4.0"),
    **dict.fromkeys(("jax-ckb", "ckb-core"), "CC BY-NC-SA 4.0"),
    "dtc": "CC BY-NC-SA 3.0",
    "cgi": "CC BY-NC 4.0",
    "drugbank": "DrugBank: not redistributable (non-commercial licence of its own)",
    "cosmic": "COSMIC: not redistributable (non-commercial licence of its own)",
    "oncokb": "OncoKB: not redistributable (non-commercial licence of its own)",
    "cancercommons": "CancerCommons: not redistributable (non-commercial licence of its own)",
    "mycancergenome": "MyCancerGenome: not redistributable (non-commercial licence of its own)",
    "mycancergenomeclinicaltrial": "MyCancerGenome: not redistributable (non-commercial licence of its own)",
    "ttd": "TTD: not redistributable (all rights reserved)",
    "talc": "TALC: not redistributable (tables of a copyrighted publication)",
    "tend": "TEND: not redistributable (tables of a copyrighted publication)",
    "tdgclinicaltrial": "TdgClinicalTrial: not redistributable (tables of a copyrighted publication)",
}


def licence_of(database: pl.Expr) -> pl.Expr:
    """The licence under which DGIdb has what a database says; null where no database is named.

    >>> names = pl.DataFrame({"name": ["CIViC", "Oncomine", None]})
    >>> names.select(licence_of(pl.col("name"))).to_series().to_list()
    ['CC0-1.0', 'Oncomine: not redistributable (terms not known)', None]
    """
    unknown = pl.concat_str(database, pl.lit(f": {_CLOSED} (terms not known)"))
    return database.str.to_lowercase().replace_strict(LICENCES, default=unknown, return_dtype=pl.String)
