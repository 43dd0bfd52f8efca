"""Notifications: what happened, told to people through the notifiers of plugins."""
