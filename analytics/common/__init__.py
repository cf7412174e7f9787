"""What analyses share: splits, metrics with intervals, calibration, evidence, graphs, survival. No analysis imports another."""
