"""The file formats that sources use: each turns bytes into rows and accounts for every bad one."""

from etl.formats.delimited import Delimited, csv, tsv
from etl.formats.described import Described, Fields
from etl.formats.gene_sets import GeneSets
from etl.formats.macromolecular import Mmcif
from etl.formats.stacked import Stacked
from etl.formats.whole import WholeFile
from etl.formats.workbook import Workbook

__all__ = ["Delimited", "Described", "Fields", "GeneSets", "Mmcif", "Stacked", "WholeFile", "Workbook", "csv", "tsv"]
