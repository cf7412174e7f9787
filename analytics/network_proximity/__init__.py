"""Network proximity: drugs whose targets lie nearer to the genes of a disease than random genes of equal degree."""
