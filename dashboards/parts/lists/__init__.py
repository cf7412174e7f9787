"""Lists on pages: made of what is pasted or uploaded, kept, and tested against sets of genes."""
