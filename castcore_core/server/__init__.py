"""The server process: start, signals, stop."""
