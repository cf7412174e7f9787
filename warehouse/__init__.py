"""What is stored and how it is asked: the model, the builds, the tables, the graph. It knows no source."""
