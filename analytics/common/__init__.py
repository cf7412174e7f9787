"""What analyses share: splits, metrics with intervals, calibration, graphs, training. No analysis imports another."""
