"""The command line: parses, wires, calls, renders."""
