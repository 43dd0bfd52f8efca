"""Encoder profiles for Intel Quick Sync Video."""

__version__ = "1.0.0"
