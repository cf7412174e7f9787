"""Learning the structure: screens, orders, hill climbing, many small networks, ensembles."""
