"""Look into media that nobody has vouched for."""
