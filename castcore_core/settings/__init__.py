"""What an admin sets while the server runs."""

from castcore_core.settings.model import ServerSettings
from castcore_core.settings.service import Settings

__all__ = ["ServerSettings", "Settings"]
