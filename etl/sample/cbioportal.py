"""A cBioPortal study of the sample: clinical data, expression, copy number and mutations of a part of the cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.sample.cohort import Patient
from etl.sample.output import Output
from etl.sample.world import World

_STUDY = "luad_sample_2026"
_FOLDER = f"cbioportal/{_STUDY}"
_DAYS_PER_MONTH = 365.25 / 12
_PATIENTS = 60
_MAF = (
    "Hugo_Symbol Entrez_Gene_Id NCBI_Build Chromosome Start_Position End_Position Variant_Classification Variant_Type "
    "Reference_Allele Tumor_Seq_Allele1 Tumor_Seq_Allele2 Tumor_Sample_Barcode HGVSp_Short"
)


def write(world: World, output: Output) -> None:
    """Write the folder of the study."""
    patients = world.cohort.patients[:_PATIENTS]
    about = {
        "type_of_cancer": "luad",
        "cancer_study_identifier": _STUDY,
        "name": "Lung adenocarcinoma (sample)",
        "description": "An invented study: part of the sample's cohort.",
        "pmid": "99003000",
        "reference_genome": "hg38",
    }
    _describe(output, "meta_study.txt", about)
    _write_clinical(output, patients)
    _write_profiles(world, output, patients)
    _write_mutations(world, output, patients)


def _describe(output: Output, name: str, fields: Mapping[str, str]) -> None:
    lines = "".join(f"{field}: {value}\n" for field, value in fields.items())
    output.write(f"{_FOLDER}/{name}", lines, rows=1)


def _describe_data(output: Output, name: str, kind: str, datatype: str, **more: str) -> None:
    fields = {"cancer_study_identifier": _STUDY, "genetic_alteration_type": kind, "datatype": datatype, **more}
    _describe(output, f"meta_{name.removesuffix('.txt')}.txt", {**fields, "data_filename": f"data_{name}"})


def _write_clinical(output: Output, patients: tuple[Patient, ...]) -> None:
    _describe_data(output, "clinical_patient.txt", "CLINICAL", "PATIENT_ATTRIBUTES")
    attributes = [
        (one.barcode, one.sex.title(), one.age, _status(one), round(one.os_days / _DAYS_PER_MONTH, 2))
        for one in patients
    ]
    _clinical_table(output, "patient", "SSNSN", ("PATIENT_ID", "SEX", "AGE", "OS_STATUS", "OS_MONTHS"), attributes)
    _describe_data(output, "clinical_sample.txt", "CLINICAL", "SAMPLE_ATTRIBUTES")
    samples = [(one.barcode, f"{one.barcode}-01", "Primary", "LUAD") for one in patients]
    _clinical_table(output, "sample", "SSSS", ("PATIENT_ID", "SAMPLE_ID", "SAMPLE_TYPE", "ONCOTREE_CODE"), samples)


def _clinical_table(
    output: Output, name: str, types: str, header: Sequence[str], lines: Sequence[Sequence[object]]
) -> None:
    """Write a clinical table: before its header stand names, descriptions, types and priorities of the columns."""
    titles = [column.replace("_", " ").title() for column in header]
    kinds = [{"S": "STRING", "N": "NUMBER"}[letter] for letter in types]
    above = "".join("#" + "\t".join(line) + "\n" for line in (titles, titles, kinds, ["1"] * len(header)))
    output.table(f"{_FOLDER}/data_clinical_{name}.txt", lines, header=header, preamble=above)


def _status(patient: Patient) -> str:
    return "1:DECEASED" if patient.os_event else "0:LIVING"


def _write_profiles(world: World, output: Output, patients: tuple[Patient, ...]) -> None:
    header = ("Hugo_Symbol", "Entrez_Gene_Id", *(f"{one.barcode}-01" for one in patients))
    expression = {symbol: values[:_PATIENTS] for symbol, values in world.cohort.expression.items()}
    name = "mrna_seq_v2_rsem_zscores.txt"
    shown = {"stable_id": "rna_seq_v2_mrna_median_Zscores", "profile_name": "mRNA expression z-scores (RNA-seq)"}
    _describe_data(output, name, "MRNA_EXPRESSION", "Z-SCORE", **shown)
    lines = [(symbol, world.by_symbol[symbol].entrez, *values) for symbol, values in expression.items()]
    output.table(f"{_FOLDER}/data_{name}", lines, header=header)
    shown = {"stable_id": "gistic", "profile_name": "Putative copy-number alterations from GISTIC"}
    _describe_data(output, "cna.txt", "COPY_NUMBER_ALTERATION", "DISCRETE", **shown)
    levels = {symbol: values[:_PATIENTS] for symbol, values in world.cohort.copy_number.items()}
    changes = [(symbol, world.by_symbol[symbol].entrez, *values) for symbol, values in levels.items()]
    output.table(f"{_FOLDER}/data_cna.txt", changes, header=header)


def _write_mutations(world: World, output: Output, patients: tuple[Patient, ...]) -> None:
    random = world.random("mutations")
    lines: list[tuple[object, ...]] = []
    for symbol, mutated in world.cohort.mutated.items():
        gene = world.by_symbol[symbol]
        for one, is_mutated in zip(patients, mutated[:_PATIENTS], strict=True):
            if is_mutated:
                place = random.randint(1_000_000, 90_000_000)
                before, after = random.sample("ACGT", 2)
                change = f"p.{random.choice('RGVEK')}{random.randint(1, gene.residues)}{random.choice('HCDLQ')}"
                where = (symbol, gene.entrez, "GRCh38", gene.chromosome, place, place, "Missense_Mutation", "SNP")
                lines.append((*where, before, before, after, f"{one.barcode}-01", change))
    shown = {"stable_id": "mutations", "profile_name": "Mutations"}
    _describe_data(output, "mutations.txt", "MUTATION_EXTENDED", "MAF", **shown)
    output.table(f"{_FOLDER}/data_mutations.txt", lines, header=tuple(_MAF.split()))
