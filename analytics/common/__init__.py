"""What analyses share: splits, metrics, calibration, evidence, graphs, survival. No analysis imports another."""
