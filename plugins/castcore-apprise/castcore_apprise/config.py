"""What is configured: apprise's addresses, one a line, each with its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field, SecretStr, field_validator, model_validator

from castcore_sdk import ExtensionConfig, Secret, problem, ui

MOST = 20
"""Addresses of one target."""
LONGEST = 8000
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_TAG = re.compile(r"[A-Za-z0-9_-]+")
LOCAL = frozenset({"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""Services that are no other place: they show something on the server's own desktop, or write into its log."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address, the number of its line, and its tags."""

    line: int
    url: SecretStr
    tags: frozenset[str]


class AppriseConfig(ExtensionConfig):
    """Where messages go."""

    urls: Secret = Field(json_schema_extra=ui(widget="textarea"))
    """Addresses as apprise writes them, one a line, such as mailtos://user:password@mail.example?to=me@mail.example
    or ntfys://ntfy.example/topic. Tags may stand in front: office,night=ntfys://…"""
    tags: str = Field(default="", max_length=200, json_schema_extra=ui(advanced=True))
    """Tags of the addresses that are wanted, with commas; empty: all."""

    @field_validator("urls")
    @classmethod
    def _few_and_well_formed(cls, value: Secret) -> Secret:
        text = value.get_secret_value()
        if len(text) > LONGEST:
            raise problem("apprise.urls_long", longest=LONGEST)
        count = len(list(addresses(text)))
        if not count:
            raise problem("apprise.urls_none")
        if count > MOST:
            raise problem("apprise.urls_many", most=MOST)
        return value

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: str) -> str:
        if value and not all(map(_TAG.fullmatch, value.split(","))):
            raise problem("apprise.tags_invalid")
        return value

    @model_validator(mode="after")
    def _some_are_wanted(self) -> AppriseConfig:
        if not self.wanted():
            raise problem("apprise.tag_unknown")
        return self

    def wanted(self) -> list[Address]:
        """Return the addresses that carry one of the wanted tags."""
        tags = frozenset(filter(None, self.tags.split(",")))
        return [each for each in addresses(self.urls.get_secret_value()) if not tags or tags & each.tags]


def addresses(text: str) -> Iterator[Address]:
    """Yield what stands in ``text``. Raise ``apprise.url_invalid`` with the number of a line that is none."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not (line := line.strip()):
            continue
        head, mark, rest = line.partition("://")
        front, equals, scheme = head.rpartition("=")
        tags = frozenset(each.strip() for each in front.split(",")) if equals else frozenset()
        scheme = scheme.strip()
        fits = mark and rest and line.isprintable() and _SCHEME.fullmatch(scheme)
        if not fits or not all(map(_TAG.fullmatch, tags)):
            raise problem("apprise.url_invalid", line=number)
        if scheme.lower() in LOCAL:
            raise problem("apprise.url_local", line=number)
        yield Address(number, SecretStr(f"{scheme}://{rest}"), tags)
