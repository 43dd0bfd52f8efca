"""CastCore: a self-hosted streaming-operations platform."""

__version__ = "0.1.0"
