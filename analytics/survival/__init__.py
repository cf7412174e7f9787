"""Survival: Kaplan-Meier curves, the log-rank test, and groups of patients by a molecular value."""
