"""Findings in what a distribution says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from castcore_core.plugins.review.material import Material
from castcore_core.plugins.scaffold import reserved_ids
from castcore_sdk import CheckResult, Severity

CLASSIFIERS = ("Development Status :: ", "Programming Language :: Python :: 3", "Typing :: Typed")
"""Beginnings of classifiers that a plugin has."""


def metadata_findings(material: Material) -> Iterator[CheckResult]:
    """Yield findings ``plugins.licence_missing``, ``plugins.classifier_missing``, ``plugins.summary_missing``,
    ``plugins.readme_missing``, ``plugins.typing_missing`` and ``plugins.id_shadowed``.
    """
    name = material.manifest.distribution
    licences = (*material.fields("License-Expression"), *material.fields("License"))
    old = [each for each in material.fields("Classifier") if each.startswith("License :: ")]
    if not any(each.strip() for each in (*licences, *old)):
        yield material.finding("plugins.licence_missing", Severity.ERROR, distribution=name)
    if not material.manifest.summary.strip():
        yield material.finding("plugins.summary_missing", Severity.WARNING, distribution=name)
    for wanted in CLASSIFIERS:
        if not any(each.startswith(wanted) for each in material.fields("Classifier")):
            shown = wanted.removesuffix(" :: ")
            yield material.finding("plugins.classifier_missing", Severity.WARNING, classifier=shown)
    if not material.readme.strip():
        yield material.finding("plugins.readme_missing", Severity.WARNING)
    if material.folder.is_dir() and not (material.folder / "py.typed").is_file():
        yield material.finding("plugins.typing_missing", Severity.WARNING, package=material.folder.name)
    if material.manifest.id in reserved_ids():
        yield material.finding("plugins.id_shadowed", Severity.WARNING, id=material.manifest.id)
