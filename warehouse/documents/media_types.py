"""The media types of files, by the endings of their names; the same on every machine."""

from __future__ import annotations

from pathlib import PurePath

#: The media type of a file whose ending is not known.
OTHER = "application/octet-stream"

#: Endings that say how a file is packed, not what it holds.
PACKINGS = (".gz", ".xz", ".zip")

MEDIA_TYPES = {
    ".bcif": "chemical/x-bcif",
    ".cif": "chemical/x-cif",
    ".csv": "text/csv",
    ".dcm": "application/dicom",
    ".h5": "application/x-hdf5",
    ".h5ad": "application/x-hdf5",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".loom": "application/x-hdf5",
    ".mmcif": "chemical/x-mmcif",
    ".mol2": "chemical/x-mol2",
    ".mrc": "application/x-mrc",
    ".ndpi": "image/x-hamamatsu-ndpi",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".parquet": "application/vnd.apache.parquet",
    ".pdb": "chemical/x-pdb",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".safetensors": "application/x-safetensors",
    ".sdf": "chemical/x-mdl-sdfile",
    ".svs": "image/x-aperio-svs",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xml": "application/xml",
}


def bare_name(name: str) -> str:
    """The name of a file without the ending that says how it is packed.

    >>> bare_name("pdb/1abc.cif.gz")
    'pdb/1abc.cif'
    """
    path = PurePath(name)
    return name[: -len(path.suffix)] if path.suffix.lower() in PACKINGS else name


def media_type_of(name: str) -> str:
    """The media type of what a file holds, unpacked.

    >>> media_type_of("slides/TCGA-05-4244.SVS.gz")
    'image/x-aperio-svs'
    """
    return MEDIA_TYPES.get(PurePath(bare_name(name)).suffix.lower(), OTHER)
