"""The invented world of the sample: genes, pathways, interactions, structures, drugs and a cohort that fit together.

Everything follows from one seed. A part that is made or written anew draws from a generator of its own
(`World.random`), so that a change of one file changes no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from etl.sample import names
from etl.sample.cohort import Cohort, make_cohort
from etl.sample.story import Story

TARGET = "SMPK1"
CAUSAL_PATHWAY = "Signaling by SMPK1"
BEST_STRUCTURE = "9sm1"
AMBIGUOUS_ALIAS = "SMPA"
#: A gene that NCBI places elsewhere than HGNC does.
DISPUTED_HGNC, DISPUTED_LOCATION = 990_031, "5q99.9"
#: An entry that HGNC withdrew.
WITHDRAWN_HGNC, WITHDRAWN_SYMBOL = 989_999, "SMPW1"

_GENES = 300
_DRUGS = 26
_STRUCTURES = 44

#: The interaction types of Pathway Commons with a share for each.
_INTERACTIONS = {
    "in-complex-with": 30,
    "controls-state-change-of": 22,
    "controls-expression-of": 20,
    "interacts-with": 14,
    "controls-phosphorylation-of": 6,
    "catalysis-precedes": 5,
    "controls-transport-of": 3,
}
_DATA_SOURCES = ("Reactome", "pid", "KEGG", "IntAct", "CORUM", "BioGRID")


@dataclass(frozen=True)
class Gene:
    """A gene and its protein."""

    symbol: str
    name: str
    hgnc: int
    entrez: int
    ensembl: str
    uniprot: str
    residues: int
    location: str
    previous_symbols: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def chromosome(self) -> str:
        """The chromosome of its location."""
        return self.location.split("p")[0].split("q")[0]

    @property
    def family(self) -> str | None:
        """The family that an invented gene belongs to."""
        return next((family for family in names.FAMILIES if f"sample {family}" in self.name), None)


@dataclass(frozen=True)
class Pathway:
    """A pathway with its genes, those of its parts included."""

    stable_id: str
    name: str
    parent: str | None
    genes: tuple[Gene, ...]


@dataclass(frozen=True)
class Interaction:
    """An interaction between genes, by symbol, or chemicals, by ChEBI number."""

    subject: str
    type: str
    object: str
    data_sources: tuple[str, ...]
    pubmed_ids: tuple[str, ...]


@dataclass(frozen=True)
class Drug:
    """A drug with what it binds and treats."""

    name: str
    drugbank: str
    chembl: str
    drug_class: int
    targets: tuple[Gene, ...]
    treats: tuple[int, ...]


@dataclass(frozen=True)
class Structure:
    """A structure of a protein: chain A, residues `start` to `end`."""

    pdb: str
    gene: Gene
    method: str
    resolution: float | None
    start: int
    end: int
    year: int
    ligand: bool


@dataclass(frozen=True)
class World:
    """All that the sample's files tell, each in its own words."""

    seed: int
    genes: tuple[Gene, ...]
    pathways: tuple[Pathway, ...]
    interactions: tuple[Interaction, ...]
    drugs: tuple[Drug, ...]
    structures: tuple[Structure, ...]
    disease_genes: dict[int, tuple[Gene, ...]]
    cohort: Cohort

    @cached_property
    def by_symbol(self) -> dict[str, Gene]:
        """The genes by symbol."""
        return {gene.symbol: gene for gene in self.genes}

    @property
    def target(self) -> Gene:
        """The gene of the story."""
        return self.by_symbol[TARGET]

    @property
    def causal_pathway(self) -> Pathway:
        """The pathway of the story."""
        return next(pathway for pathway in self.pathways if pathway.name == CAUSAL_PATHWAY)

    @property
    def regulated(self) -> tuple[Gene, ...]:
        """The genes whose expression the target sets."""
        return _regulated(self.genes)

    @cached_property
    def story(self) -> Story:
        """What is planted."""
        return _story(self)

    def random(self, purpose: str) -> Random:
        """A generator of random numbers for one purpose; the same for the same seed and purpose."""
        return _random(self.seed, purpose)


def make_world(seed: int) -> World:
    """Make the world of a seed."""
    genes = _genes(_random(seed, "genes"))
    symbols = {gene.symbol: gene for gene in genes}
    target = symbols[TARGET]
    regulated = _regulated(genes)
    pathways = _pathways(_random(seed, "pathways"), genes, target, regulated)
    disease_genes = _disease_genes(_random(seed, "diseases"), genes, pathways)
    drugs = _drugs(_random(seed, "drugs"), genes, target, pathways)
    structures = _structures(_random(seed, "structures"), genes, target)
    cohort = make_cohort(
        _random(seed, "cohort"), [gene.symbol for gene in genes], target.symbol, [gene.symbol for gene in regulated]
    )
    return World(
        seed=seed,
        genes=genes,
        pathways=pathways,
        interactions=_interactions(_random(seed, "interactions"), genes, target, regulated),
        drugs=drugs,
        structures=structures,
        disease_genes=disease_genes,
        cohort=cohort,
    )


def _regulated(genes: Sequence[Gene]) -> tuple[Gene, ...]:
    return tuple(gene for gene in genes if gene.hgnc > 990_001)[:8]


def _random(seed: int, purpose: str) -> Random:
    return Random(f"{seed} {purpose}")


def _genes(random: Random) -> tuple[Gene, ...]:
    known = [_known(*line.split(maxsplit=9)) for line in names.KNOWN_GENES.strip().splitlines()]
    target = _invented(0, TARGET, "sample kinase 1", random)
    seen = {gene.symbol for gene in known} | {TARGET}
    invented = [target]
    while len(known) + len(invented) < _GENES:
        letters = (names.FIRST_LETTERS, names.SECOND_LETTERS, names.LAST_LETTERS)
        symbol = "".join(random.choice(choices) for choices in letters) + str(random.randint(1, 9))
        if symbol not in seen:
            seen.add(symbol)
            number = len(invented)
            name = f"sample {random.choice(names.FAMILIES)} {number}"
            invented.append(_invented(number, symbol, name, random))
    # Two genes share an alias, which therefore resolves to neither.
    for index in (20, 21):
        invented[index] = replace(invented[index], aliases=(*invented[index].aliases, AMBIGUOUS_ALIAS))
    return (*known, *invented)


def _known(  # noqa: PLR0917 - the columns of a line
    symbol: str,
    hgnc: str,
    entrez: str,
    ensembl: str,
    uniprot: str,
    residues: str,
    location: str,
    previous: str,
    alias: str,
    name: str,
) -> Gene:
    listed = [() if text == "-" else (text,) for text in (previous, alias)]
    return Gene(symbol, name, int(hgnc), int(entrez), ensembl, uniprot, int(residues), location, *listed)


def _invented(number: int, symbol: str, name: str, random: Random) -> Gene:
    arm = random.choice("pq")
    return Gene(
        symbol=symbol,
        name=name,
        hgnc=990_001 + number,
        entrez=990_000_001 + number,
        ensembl=f"ENSG00009{number:06d}",
        uniprot=f"A0SMP0A{number:03d}",
        residues=random.randint(150, 1400),
        location=f"{random.randint(1, 22)}{arm}{random.randint(11, 36)}.{random.randint(1, 3)}",
        previous_symbols=(f"{symbol}P",) if number % 7 == 3 else (),
        aliases=(f"SMP{number}",) if number % 3 == 0 else (),
    )


def _pathways(random: Random, genes: Sequence[Gene], target: Gene, regulated: Sequence[Gene]) -> tuple[Pathway, ...]:
    """Four pathways of Reactome, each with three parts that have two or three parts; genes belong to the smallest."""
    symbols = {gene.symbol: gene for gene in genes}
    planted = {
        (0, 0): (CAUSAL_PATHWAY, [target, *regulated, symbols["EGFR"], symbols["KRAS"]]),
        (1, 0): ("Regulation of TP53 by MDM2", [symbols[symbol] for symbol in ("TP53", "MDM2", "CDK4", "SKP1")]),
    }
    made: list[Pathway] = []
    for top, (top_id, top_name) in enumerate(names.TOP_PATHWAYS):
        inside: list[Pathway] = []
        for middle in range(3):
            number = len(made) + len(inside) + 1
            leaves = [_leaf(random, genes, _pathway_id(number), number + 1 + leaf) for leaf in range(2 + number % 2)]
            if (top, middle) in planted:
                name, members = planted[top, middle]
                leaves[0] = replace(leaves[0], name=name, genes=tuple(members))
            name = f"{leaves[0].name} and others"
            inside += [Pathway(_pathway_id(number), name, top_id, _united(leaves)), *leaves]
        made += [*inside, Pathway(top_id, top_name, None, _united(inside))]
    return tuple(made)


def _pathway_id(number: int) -> str:
    return f"R-HSA-99{number:05d}"


def _leaf(random: Random, genes: Sequence[Gene], parent: str, number: int) -> Pathway:
    members = random.sample(genes, random.randint(8, 20))
    name = f"{random.choice(names.PATHWAY_WORDS)} {members[0].symbol}"
    return Pathway(_pathway_id(number), name, parent, tuple(members))


def _united(pathways: Sequence[Pathway]) -> tuple[Gene, ...]:
    """The genes of several pathways, each once."""
    return tuple({gene.symbol: gene for pathway in pathways for gene in pathway.genes}.values())


def _interactions(
    random: Random, genes: Sequence[Gene], target: Gene, regulated: Sequence[Gene]
) -> tuple[Interaction, ...]:
    planted = [
        Interaction("MDM2", "in-complex-with", "TP53", ("CORUM", "Reactome", "PANTHER"), ("99000001", "99000002")),
        Interaction("TP53", "controls-expression-of", "MDM2", ("TRANSFAC", "pid"), ("99000003",)),
        Interaction("MDM2", "controls-state-change-of", "TP53", ("Reactome",), ("99000001",)),
        Interaction(target.symbol, "controls-expression-of", "EGFR", ("pid",), ("99000004",)),
        *(
            Interaction(target.symbol, "controls-expression-of", gene.symbol, ("Reactome", "pid"), ("99000005",))
            for gene in regulated
        ),
        Interaction(genes[30].symbol, "controls-expression-of", "EGFR", ("TRANSFAC",), ()),
    ]
    seen = {(one.subject, one.type, one.object) for one in planted}
    types, shares = list(_INTERACTIONS), list(_INTERACTIONS.values())
    while len(seen) < 1500:
        first, second = random.sample(genes, 2)
        kind = random.choices(types, shares)[0]
        seen_key = (first.symbol, kind, second.symbol)
        # Nothing else may set the expression of the story's genes.
        if seen_key in seen or (kind == "controls-expression-of" and {first, second} & {target, *regulated}):
            continue
        seen.add(seen_key)
        sources = tuple(sorted(random.sample(_DATA_SOURCES, random.choice((1, 1, 1, 2)))))
        papers = tuple(str(random.randint(99_000_100, 99_000_999)) for _ in range(random.choice((0, 1, 1, 2))))
        planted.append(Interaction(*seen_key, sources, papers))
    for gene in random.sample(genes, 40):
        chebi = f"CHEBI:{random.choice(names.CHEMICALS)[1]}"
        if random.random() < 0.5:
            planted.append(Interaction(gene.symbol, "controls-production-of", chebi, ("Reactome",), ()))
        else:
            planted.append(Interaction(chebi, "consumption-controlled-by", gene.symbol, ("Reactome",), ()))
    return tuple(planted)


def _disease_genes(random: Random, genes: Sequence[Gene], pathways: Sequence[Pathway]) -> dict[int, tuple[Gene, ...]]:
    """The genes of each disease; those of lung cancer are the causal pathway's and some others."""
    causal = next(pathway for pathway in pathways if pathway.name == CAUSAL_PATHWAY)
    others = [gene for gene in genes if gene not in causal.genes]
    found = {doid: tuple(random.sample(others, random.randint(6, 14))) for doid, _name in names.DISEASES}
    found[1324] = (*causal.genes, *found[1324][:4])
    found[11934] = (*causal.genes[1:6], *found[11934][:5])
    return found


def _drugs(random: Random, genes: Sequence[Gene], target: Gene, pathways: Sequence[Pathway]) -> tuple[Drug, ...]:
    """The drug of the story first; two more bind genes of the causal pathway and do treat its disease."""
    causal = next(pathway for pathway in pathways if pathway.name == CAUSAL_PATHWAY).genes
    drugs = [
        Drug("samplatinib", "DB99001", "CHEMBL99000001", 0, (target,), (11934,)),
        Drug("exemplatinib", "DB99002", "CHEMBL99000002", 0, (causal[1], causal[9]), (1324, 11934)),
        Drug("instantinib", "DB99003", "CHEMBL99000003", 0, (causal[2], causal[10]), (1324,)),
    ]
    used = {drug.name for drug in drugs}
    others = [gene for gene in genes if gene not in causal]
    while len(drugs) < _DRUGS:
        end = random.choice(list(names.DRUG_ENDS.values()))
        name = random.choice(names.DRUG_STARTS) + random.choice(names.DRUG_MIDDLES) + end
        if name in used:
            continue
        used.add(name)
        number = len(drugs) + 1
        treats = random.sample([doid for doid, _name in names.DISEASES[2:]], random.choice((0, 1, 1, 2)))
        targets = tuple(random.sample(others, random.randint(1, 4)))
        drugs.append(Drug(name, f"DB99{number:03d}", f"CHEMBL990000{number:02d}", 1, targets, tuple(treats)))
    return tuple(drugs)


def _structures(random: Random, genes: Sequence[Gene], target: Gene) -> tuple[Structure, ...]:
    planted = [
        (BEST_STRUCTURE, "X-RAY DIFFRACTION", 1.62, 40, 320, 2021, True),
        ("9sm2", "X-RAY DIFFRACTION", 2.2, 35, 330, 2017, False),
        ("9sm3", "ELECTRON MICROSCOPY", 3.4, 1, min(600, target.residues), 2023, False),
        ("9sm4", "SOLUTION NMR", None, 10, 95, 2009, False),
    ]
    structures = [
        Structure(pdb, target, method, resolution, start, min(end, target.residues), year, ligand)
        for pdb, method, resolution, start, end, year, ligand in planted
    ]
    choice = [*genes[:11], *random.sample(genes[12:], 24)]
    for number in range(_STRUCTURES - len(structures)):
        gene = choice[number % len(choice)]
        method = random.choices(("X-RAY DIFFRACTION", "ELECTRON MICROSCOPY", "SOLUTION NMR"), (7, 2, 1))[0]
        lowest = {"X-RAY DIFFRACTION": 1.2, "ELECTRON MICROSCOPY": 2.4}.get(method)
        resolution = None if lowest is None else round(lowest + 2.2 * random.random(), 2)
        start = random.randint(1, gene.residues // 3)
        end = random.randint(start + gene.residues // 4, gene.residues)
        year = random.randint(1999, 2024)
        structures.append(
            Structure(f"9s{number // 36}{_digit(number)}", gene, method, resolution, start, end, year, number % 3 == 0)
        )
    return tuple(structures)


def _digit(number: int) -> str:
    return "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]


def _story(world: World) -> Story:
    target, cohort, drug = world.target, world.cohort, world.drugs[0]
    disputed = next(gene for gene in world.genes if gene.hgnc == DISPUTED_HGNC)
    ambiguous = [gene for gene in world.genes if AMBIGUOUS_ALIAS in gene.aliases]
    doid, disease_name = names.DISEASES[0]
    return Story(
        seed=world.seed,
        disease=f"doid:{doid}",
        disease_name=disease_name,
        study=cohort.study,
        cohort=f"tcga.study:{cohort.study}",
        expression_matrix=f"tcga_{cohort.study.lower()}_expression",
        pathway=f"reactome:{world.causal_pathway.stable_id}",
        pathway_name=CAUSAL_PATHWAY,
        target=f"hgnc:{target.hgnc}",
        target_symbol=target.symbol,
        target_protein=f"uniprot:{target.uniprot}",
        regulated=tuple(gene.symbol for gene in world.regulated),
        hazard_ratio=cohort.hazard_ratio,
        weibull_shape=cohort.weibull_shape,
        drug=f"drugbank:{drug.drugbank}",
        drug_name=drug.name,
        treated_disease=f"doid:{drug.treats[0]}",
        structures=tuple(sorted(f"pdb:{one.pdb}" for one in world.structures if one.gene is target)),
        best_structure=f"pdb:{BEST_STRUCTURE}",
        disputed_gene=f"hgnc:{disputed.hgnc}",
        disputed_property="location",
        disputed_values=(("hgnc", disputed.location), ("ncbi_gene", DISPUTED_LOCATION)),
        ambiguous_alias=AMBIGUOUS_ALIAS,
        ambiguous_genes=tuple(f"hgnc:{gene.hgnc}" for gene in ambiguous),
        withdrawn_gene=f"hgnc:{WITHDRAWN_HGNC}",
        withdrawn_symbol=WITHDRAWN_SYMBOL,
        renamed_gene=f"hgnc:{world.by_symbol['KMT2A'].hgnc}",
        previous_symbol="MLL",
        quarantined={},
        bad_values={},
    )
