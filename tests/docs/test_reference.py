"""The generated pages say what the program says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_command_line_and_codes_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("generate_cli_reference", DOCS / "generate_cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    for page, content in generator.pages().items():
        assert page.read_text(encoding="utf-8") == content, f"run python docs/generate_cli_reference.py for {page.name}"


@pytest.mark.parametrize(
    "page",
    [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))],
    ids=lambda page: page.relative_to(DOCS.parent).name,
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_index_leads_to_every_page() -> None:
    """A page counts as reached over the index of its folder too."""
    reached: set[Path] = set()
    for index in (DOCS / "index.md", DOCS / "plugins" / "index.md"):
        links = re.findall(r"\]\(([^)#\s]+)", index.read_text(encoding="utf-8"))
        reached |= {index, *((index.parent / link).resolve() for link in links)}
    assert sorted(set(DOCS.rglob("*.md")) - reached) == []
