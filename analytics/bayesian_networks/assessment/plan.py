"""What every run of `ecv` measures of its network, by `assessment.held_out`."""

from __future__ import annotations

from warehouse.results.evidence import EvidencePlan

__all__ = ["PLAN"]

PLAN = EvidencePlan(
    metric="Log-likelihood of held-out samples for each variable, in nats above that of independent variables; "
    "0 = nothing learned",
    naive="Independent variables, each normal: 0 by definition",
    classical="A multivariate normal distribution with a shrunken covariance (Ledoit and Wolf 2004)",
    permuted="The values of each variable are exchanged between samples, in both parts; the network is learned anew",
    split="A quarter is held out; network and curves are learned anew on the rest, standardised by it. Missing values, "
    "outliers and log2 are prepared variable by variable over all samples",
    kept_apart="Patients, pairs or strata where they are known, else samples",
    cost="Two single networks of at most 500 samples and 25,000 values, chosen at random (50 variables of 500 samples, "
    "208 of 120): 5 to 20 s on two cores",
)
