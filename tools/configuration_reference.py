"""Write ``docs/reference/configuration.md`` from the configuration: ``python tools/configuration_reference.py``."""

from __future__ import annotations

from pathlib import Path

from castcore_core.config import Configuration

FILE = Path(__file__).parents[1] / "docs/reference/configuration.md"

_HEAD = """# Configuration of the server

Written by `tools/configuration_reference.py`; a test keeps it true.

Each key can stand in the environment (`CASTCORE_` and the key in capitals; lists with commas) or in one TOML file: the one that `CASTCORE_CONFIG` names, else `castcore.toml` in the data folder. The environment weighs more than the file, options of the command line weigh most. `castcore config show` prints every value, masked where it is a secret, and where it comes from. An unknown key in the file is an error.

| key | default | meaning |
|---|---|---|
"""  # noqa: E501


def reference() -> str:
    """Return the page."""
    rows = []
    for key, field in Configuration.model_fields.items():
        default = field.get_default()
        shown = "" if default in (None, ()) else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        if key == "data_dir":
            shown = "the platform's user data folder"
        rows.append(f"| `{key}` | {shown} | {field.description} |")
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
