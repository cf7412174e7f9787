"""The analyst's own tools: lists, enrichment, templates, paths, prioritisation, conflicts."""
