"""What would change: compares the graph with the lake's state. Pure."""
