"""Destinations: where streams go, with their secrets locked."""
