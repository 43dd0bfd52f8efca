"""The event bus: what happened, told to whoever listens, in this process or through Redis."""

from castcore_core.events.bus import Bus, Event, Subscription
from castcore_core.events.memory import MemoryBus
from castcore_core.events.open import open_bus

__all__ = ["Bus", "Event", "MemoryBus", "Subscription", "open_bus"]
