"""The sources, one module each; a module with a constant `SOURCE` is found by itself."""
