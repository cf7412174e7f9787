"""The results of analyses: what a run hands back, how it is published, listed and retracted, and how it is asked."""
