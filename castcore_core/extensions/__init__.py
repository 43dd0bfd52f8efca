"""Saved configurations of what plugins offer: read, kept with their secrets locked, shown without them."""
