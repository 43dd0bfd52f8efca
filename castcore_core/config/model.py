"""The server's configuration, each key with its meaning and default."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def _absolute(path: Path) -> Path:
    return Path(path).expanduser().absolute()


def _database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("sqlite:///", "postgres://", "postgresql://")):
        raise ValueError("must start with sqlite:///, postgres:// or postgresql://")
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis://, rediss:// or unix://")
    return value


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Network = IPv4Network | IPv6Network


class Configuration(BaseModel):
    """What ``castcore serve`` runs with; environment names are the keys in capitals after ``CASTCORE_``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: AbsolutePath = Field(
        default_factory=lambda: user_data_path("castcore", appauthor=False),
        description="Folder for everything CastCore keeps.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_certificate: AbsolutePath | None = Field(
        default=None, description="PEM certificate chain, to serve TLS directly."
    )
    tls_key: AbsolutePath | None = Field(default=None, description="PEM private key of the certificate.")
    public_url: str | None = Field(
        default=None, pattern=r"^https?://[^/\s]+$", description="Address under which browsers reach the server."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Further host names to answer under; addresses and local names always are.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=(), description="Networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] | None = Field(
        default=None,
        description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; default: a file in the data folder.",
    )
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] | None = Field(
        default=None, description="Redis for events between processes; default: events stay in this process."
    )
    redis_prefix: str = Field(
        default="castcore", pattern=r"^[a-z0-9_.-]{1,64}$", description="Prefix of the Redis channels."
    )
    key_ring: AbsolutePath | None = Field(
        default=None, description="File of the encryption keys; default: in the data folder."
    )
    role: Literal["all", "web", "engine"] = Field(default="all", description="What this process does.")
    headless: bool = Field(default=False, description="Serve the API without the web pages.")
    safe: bool = Field(default=False, description="Start without third-party plugins.")
    ffmpeg: AbsolutePath | None = Field(
        default=None, description="ffmpeg to use; default: the newest of bundled and system."
    )
    language: Literal["en", "de"] = Field(default="en", description="Language where a user has chosen none.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto: console on a terminal, else json."
    )
    metrics: Literal["off", "token", "open"] = Field(default="off", description="Who may read /metrics.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token for /metrics, at least 16 characters."
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Configuration:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        if self.metrics == "token" and len(self.metrics_token.get_secret_value() if self.metrics_token else "") < 16:
            raise ValueError("metrics=token needs a metrics_token of at least 16 characters")
        return self

    @property
    def key_ring_file(self) -> Path:
        """Where the encryption keys are."""
        return self.key_ring or self.data_dir / "keys.json"

    @property
    def effective_database_url(self) -> SecretStr:
        """The database to use, also where none is configured."""
        return self.database_url or SecretStr(f"sqlite:///{self.data_dir / 'castcore.db'}")

    @property
    def scheme(self) -> Literal["http", "https"]:
        """What this process speaks itself, whatever a proxy in front of it does."""
        return "https" if self.tls_certificate else "http"
