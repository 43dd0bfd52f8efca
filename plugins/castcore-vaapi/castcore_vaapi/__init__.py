"""Encoder profiles for the encoding unit of Intel and AMD graphics, through VA-API."""

__version__ = "1.0.0"
