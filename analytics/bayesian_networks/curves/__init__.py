"""The curves of a network: splines, additive fits, contributions and residuals."""
