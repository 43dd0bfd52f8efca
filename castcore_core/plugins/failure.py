"""Turn whatever plugin code raised into an error with a code and without secrets."""

from __future__ import annotations

import math
import re

from castcore_core.plugins.breadcrumb import Breadcrumb
from castcore_core.plugins.contract import describe
from castcore_core.plugins.secret import Scrubber
from castcore_sdk import CastCoreError, TemporaryError

_CODE = re.compile(r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_]*")
_LONGEST = 2000


def coded(crumb: Breadcrumb, error: BaseException, scrub: Scrubber) -> CastCoreError:
    """Return the plugin's own CastCoreError, cleaned, or TemporaryError ``plugins.call_failed`` for anything else.

    Nothing is chained to it: the text of a cause could hold a secret. What it said goes, scrubbed, into ``detail``.
    """
    try:
        if isinstance(error, CastCoreError) and _CODE.fullmatch(error.code):
            return _cleaned(error, scrub)
    except Exception as broken:  # an error class of the plugin whose attributes are rubbish
        error = broken
    params = {
        "plugin": crumb.plugin,
        "extension": crumb.extension,
        "method": crumb.method,
        "error": type(error).__name__,
    }
    return TemporaryError("plugins.call_failed", params=params, detail=scrub(describe(error)))


def counts(error: CastCoreError) -> bool:
    """Say whether ``error`` tells that the plugin does not work now, as against a wrong request or configuration."""
    return isinstance(error, TemporaryError)


def _cleaned(error: CastCoreError, scrub: Scrubber) -> CastCoreError:
    detail = str(error.detail)
    cause = error.__cause__ or error.__context__
    if cause is not None and not detail:
        detail = describe(cause)
    error.detail = scrub(detail[:_LONGEST])
    error.args = (error.detail or error.code,)
    error.params = {str(name)[:60]: _scalar(value, scrub) for name, value in dict(error.params).items()}
    error.__cause__ = error.__context__ = None
    return error


def _scalar(value: object, scrub: Scrubber) -> str | int | float | bool:
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return scrub(str(value)[:_LONGEST])
