"""Encoder profiles for the encoding unit of NVIDIA cards."""

__version__ = "1.0.0"
