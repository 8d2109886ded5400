"""The client of the bridge: what it may be asked (`operations`), how (`exchange`, `attempts`), and by which means
(`transport`, `streams`), for code with and without an event loop."""
