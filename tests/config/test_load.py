"""Configuration: what weighs more, what is refused, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.config import load_configuration, show_configuration
from castcore_sdk.errors import ConfigurationError


def test_environment_weighs_more_than_the_file_and_arguments_most(tmp_path: Path) -> None:
    (tmp_path / "castcore.toml").write_text('port = 1111\nhost = "::1"\nlanguage = "de"\n')
    environment = {"CASTCORE_DATA_DIR": str(tmp_path), "CASTCORE_PORT": "2222", "CASTCORE_HOST": "127.0.0.2"}
    configuration = load_configuration({"host": "127.0.0.3", "port": None}, environment=environment)
    assert (configuration.host, configuration.port, configuration.language) == ("127.0.0.3", 2222, "de")
    origins = {shown.key: shown.origin for shown in show_configuration({"host": "127.0.0.3"}, environment=environment)}
    assert (origins["host"], origins["port"], origins["language"], origins["role"]) == (
        "argument",
        "environment",
        "file",
        "default",
    )


def test_the_named_file_may_place_the_data_folder(tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_text(f'data_dir = "{tmp_path}/data"\ntrusted_proxies = ["10.0.0.0/8"]\n')
    configuration = load_configuration(environment={"CASTCORE_CONFIG": str(file)})
    assert configuration.key_ring_file == tmp_path / "data/keys.json"
    assert configuration.effective_database_url.get_secret_value() == f"sqlite:///{tmp_path}/data/castcore.db"
    assert [str(network) for network in configuration.trusted_proxies] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("prot = 1", "configuration.unknown_key", "prot"),
        ("port = 70000", "configuration.invalid", "port"),
        ("port = [", "configuration.file_malformed", None),
        ('tls_key = "/k.pem"', "configuration.invalid", ""),
        ('metrics = "token"', "configuration.invalid", ""),
        ('database_url = "mysql://root:canary-value@db/x"', "configuration.invalid", "database_url"),
    ],
)
def test_a_wrong_file_is_refused_without_its_values(tmp_path: Path, text: str, code: str, key: str | None) -> None:
    (tmp_path / "castcore.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(environment={"CASTCORE_DATA_DIR": str(tmp_path)})
    assert caught.value.code == code
    assert caught.value.params.get("key") == key
    assert "canary" not in f"{caught.value} {caught.value.params} {caught.value.__cause__}"


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"configuration\.file_missing"):
        load_configuration(environment={"CASTCORE_CONFIG": str(tmp_path / "none.toml")})


def test_show_masks_every_secret(tmp_path: Path) -> None:
    environment = {
        "CASTCORE_DATA_DIR": str(tmp_path),
        "CASTCORE_DATABASE_URL": "postgresql://cast:canary-one@db:5432/cast?password=canary-two",
        "CASTCORE_REDIS_URL": "redis://:canary-three@cache",
        "CASTCORE_METRICS_TOKEN": "canary-four-1234",
    }
    shown = {key.key: key.value for key in show_configuration(environment=environment)}
    assert shown["database_url"] == "postgresql://cast:••••@db:5432/cast?••••"
    assert shown["redis_url"] == "redis://:••••@cache"
    assert shown["metrics_token"] == "••••1234"
    assert "canary" not in str(shown)
    assert "canary" not in repr(load_configuration(environment=environment))


def test_every_key_is_described(tmp_path: Path) -> None:
    assert all(key.description for key in show_configuration(environment={"CASTCORE_DATA_DIR": str(tmp_path)}))
