"""Platforms: connected accounts, their tokens, and what viewers read about a broadcast."""
