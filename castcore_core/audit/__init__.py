"""Who did what, from where, and with what outcome."""

from castcore_core.audit.caller import Caller, acting_as, caller
from castcore_core.audit.service import Audit

__all__ = ["Audit", "Caller", "acting_as", "caller"]
