"""Interventions: knock-downs simulated through acyclic graphs, and what experiments say directly."""
