"""What an operator sees when the export is tested."""

from __future__ import annotations

import os
from collections.abc import Sequence

from castcore_nfs.context import Context
from castcore_nfs.export import Export
from castcore_nfs.failure import FIELDS
from castcore_sdk import CastCoreError, CheckResult, ConfigurationError, Params, Severity, StoragePath


def examine(export: Export) -> Sequence[CheckResult]:
    """Connect, mount, list the root, and see whether it can be written to. It blocks."""
    config = export.config
    params: Params = {"host": config.host, "export": config.export, "version": config.version}
    results: list[CheckResult] = []
    try:
        writable = export.run(_writable)
        results.append(CheckResult(code="nfs.connected", severity=Severity.OK, params=params))
        export.entries(StoragePath(""))
    except CastCoreError as error:
        return [*results, failed(error)]
    code = "nfs.writable" if writable else "nfs.readable"
    return [*results, CheckResult(code=code, severity=Severity.OK, params=params)]


def failed(error: CastCoreError) -> CheckResult:
    """Return an error as a line of the test."""
    field = error.field if isinstance(error, ConfigurationError) else None
    field = field or FIELDS.get(error.code)
    return CheckResult(code=error.code, severity=Severity.ERROR, params=error.params, config_field=field)


def _writable(context: Context) -> bool:
    return context.may(b"/", os.R_OK | os.W_OK | os.X_OK)
