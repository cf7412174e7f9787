"""Bayesian gene networks: learning them from a matrix, ECv and subnetworks, simulated knock-downs, exchange formats."""
