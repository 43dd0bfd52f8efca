"""Typed configuration: one declaration for storage, API, form and documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, SecretStr


class ExtensionConfig(BaseModel):
    """Base of every plugin's configuration: one declaration for storage, API, form and docs."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)


Secret = SecretStr
"""A field the core encrypts, never returns and never logs."""


def ui(
    *,
    widget: Literal["text", "textarea", "select", "path", "url", "duration", "bitrate"] | None = None,
    group: str | None = None,
    advanced: bool = False,
    depends_on: Mapping[str, str | bool] | None = None,
) -> dict[str, Any]:
    """Return form hints for ``pydantic.Field(json_schema_extra=...)``."""
    return {
        "x-castcore-ui": {"widget": widget, "group": group, "advanced": advanced, "dependsOn": dict(depends_on or {})}
    }
