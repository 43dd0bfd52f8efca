"""The core's own plugins arrive through the hooks."""

from __future__ import annotations

import pluggy

from castcore_core.builtin import plugin
from castcore_core.i18n import LANGUAGES, catalogue
from castcore_sdk import EXTENSION_ID, config_schema, hookspecs


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("castcore")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, "builtin")
    manager.check_pending()
    return manager


def test_every_one_is_registered() -> None:
    hook = _manager().hook
    found = [
        extension.id
        for offered in (
            hook.castcore_register_destinations(),
            hook.castcore_register_encoder_profiles(),
            hook.castcore_register_storage_backends(),
        )
        for group in offered
        for extension in group
    ]
    assert found == ["rtmp", "srt", "udp", "hls", "file", "builtin.x264", "builtin.x265", "builtin.svtav1", "local"]
    assert all(EXTENSION_ID.fullmatch(name) for name in found)


def test_every_scheme_has_one_destination() -> None:
    (destinations,) = _manager().hook.castcore_register_destinations()
    schemes = [scheme for destination in destinations for scheme in destination.url_schemes]
    assert sorted(schemes) == ["file", "hls", "rtmp", "rtmps", "srt", "udp"]


def test_every_setting_of_the_local_folder_is_described() -> None:
    (group,) = _manager().hook.castcore_register_storage_backends()
    for extension in group:
        assert all(field["description"] for field in config_schema(extension.config_model)["properties"].values())


def test_the_sdks_own_codes_have_texts() -> None:
    for language in LANGUAGES:
        texts = catalogue(language)
        for code in ("config.missing", "config.unknown_field", "config.invalid", "config.no_url_form"):
            assert texts[code]["message"]
