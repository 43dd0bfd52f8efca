"""Import one plugin's module so that whatever happens stays its own affair."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from castcore_core.plugins.contract import describe
from castcore_core.plugins.state import LoadError, Reason


def import_plugin(module: str) -> ModuleType:
    """Import ``module``. Raises LoadError for every exception, `SystemExit` and `KeyboardInterrupt` included.

    After a failure its package is taken out of ``sys.modules``, so that a mended version can be imported later.
    """
    try:
        return import_module(module)
    except BaseException as error:
        top = module.partition(".")[0]
        for name in [name for name in sys.modules if name == top or name.startswith(f"{top}.")]:
            del sys.modules[name]
        params = {"module": module, "error": type(error).__name__}
        raise LoadError(Reason("plugins.import_failed", params, describe(error))) from None
