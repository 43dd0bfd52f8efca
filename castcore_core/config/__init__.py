"""What the admin sets before the server starts: environment, one TOML file, the data folder."""

from castcore_core.config.folder import DataFolder
from castcore_core.config.load import load_configuration, show_configuration
from castcore_core.config.model import Configuration

__all__ = ["Configuration", "DataFolder", "load_configuration", "show_configuration"]
