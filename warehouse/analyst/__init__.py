"""What the analyst keeps and asks with: identifiers, lists, sets of genes, samples, templates, conflicts."""
