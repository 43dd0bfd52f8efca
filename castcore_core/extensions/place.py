"""The addresses and paths that a configuration names."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel


def addresses_and_paths(config: BaseModel) -> Iterator[tuple[str, str, str]]:
    """Yield ``url`` or ``path``, field and value of everything in a configuration that names another place.

    A path is what the plugin's form hint says is one; an address is whatever looks like one.
    """
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            for kind, inner, text in addresses_and_paths(value):
                yield kind, f"{name}.{inner}", text
        extra = field.json_schema_extra
        hints = extra.get("x-castcore-ui", {}) if isinstance(extra, dict) else {}
        widget = hints.get("widget") if isinstance(hints, dict) else None
        for text in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(text, str) and text:
                if widget == "path":
                    yield "path", name, text
                elif widget == "url" or "://" in text:
                    yield "url", name, text
