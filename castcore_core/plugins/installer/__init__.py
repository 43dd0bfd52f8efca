"""Install, upgrade and remove plugins with pip, without touching what the core needs."""

from castcore_core.plugins.installer.environment import Environment
from castcore_core.plugins.installer.installer import Installer, Outcome
from castcore_core.plugins.installer.plan import Change, Plan
from castcore_core.plugins.installer.requirement import Wanted

__all__ = ["Change", "Environment", "Installer", "Outcome", "Plan", "Wanted"]
