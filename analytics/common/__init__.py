"""What analyses share: splits, metrics with intervals, evidence, graphs, survival. No analysis imports another."""
