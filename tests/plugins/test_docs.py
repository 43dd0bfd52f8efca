"""The page on the plugin host names every state and every code that a plugin can end with."""

from __future__ import annotations

import re
from pathlib import Path

from castcore_core.i18n import catalogue
from castcore_core.plugins.state import PluginState

PAGE = (Path(__file__).parents[2] / "docs/explanation/plugin-host.md").read_text(encoding="utf-8")
ELSEWHERE = re.compile(
    r"plugins\.("
    r"breaks_|builtin_fixed|call_|check_|circuit_|classifier_|code_|page_|core_dep|dependency_|document_|event_|"
    r"id_shadowed|install_|licence_|needed_|new_|not_|oauth_|offers_none|pip_|quality|readme_|requirement_|"
    r"restart_|rolled_|sdk_range_open|setting_|source_|suite_|summary_|target_|text_|too_busy|typing_|"
    r"uninstall_|unknown"
    r")"
)


def test_states_and_codes_are_documented() -> None:
    for state in PluginState:
        assert f"| `{state.value}` |" in PAGE
    for code in catalogue("en"):
        if code.startswith("plugins.") and not ELSEWHERE.match(code):
            assert f"`{code}`" in PAGE, code


def test_the_page_names_no_code_that_does_not_exist() -> None:
    assert set(re.findall(r"`(plugins\.[a-z_]+)`", PAGE)) <= set(catalogue("en"))
