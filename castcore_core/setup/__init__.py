"""What a machine needs before CastCore can work on it."""
