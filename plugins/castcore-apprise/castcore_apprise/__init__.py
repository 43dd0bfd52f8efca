"""Notifications by e-mail and to chat services, through apprise."""

__version__ = "1.0.0"
