"""The data plane: one process per job that carries the stream. Standard library only."""
