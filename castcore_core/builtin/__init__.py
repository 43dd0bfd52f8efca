"""The core's own plugins. They arrive through the same hooks as anybody's: see ``plugin``."""
