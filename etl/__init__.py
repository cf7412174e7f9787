"""How public sources become assertions of the warehouse, and when."""
