"""A bridge that does not own the store: it hands what it is asked to the one that does, until it owns it itself."""
