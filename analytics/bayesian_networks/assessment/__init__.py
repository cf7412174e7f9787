"""How good a network is: agreement with known ones, simulated data, experiments, baselines."""
