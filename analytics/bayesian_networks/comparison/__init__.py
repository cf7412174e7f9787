"""The comparison of groups and pairs: ECv, ΔECv, their tests, subnetworks, and what a run publishes."""
