"""Secrets at rest, on the way out, and in log lines."""

from castcore_core.secrets.mask import mask, mask_url
from castcore_core.secrets.ring import KeyRing
from castcore_core.secrets.scrub import Scrubber, scrubber

__all__ = ["KeyRing", "Scrubber", "mask", "mask_url", "scrubber"]
