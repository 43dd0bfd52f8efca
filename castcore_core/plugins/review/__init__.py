"""Read a plugin's files for what its author should know; nothing of it is run here but its own tests."""

from castcore_core.plugins.review.review import review

__all__ = ["review"]
