"""Floor 7: the one place that wires things, starts processes and reads the environment."""
