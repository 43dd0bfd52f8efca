"""The hooks that core calls in a plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluggy import HookimplMarker, HookspecMarker

from castcore_sdk.context import PluginContext
from castcore_sdk.destination import Destination
from castcore_sdk.encoder import EncoderProfile
from castcore_sdk.event import Event
from castcore_sdk.notifier import Notifier
from castcore_sdk.placement import Placement
from castcore_sdk.source import IngestSource
from castcore_sdk.storage import StorageBackend
from castcore_sdk.web import Page

hookspec = HookspecMarker("castcore")
hookimpl = HookimplMarker("castcore")


@hookspec
def castcore_register_storage_backends() -> Sequence[type[StorageBackend[Any]]]:  # type: ignore[empty-body]
    """Return the storage backends of this plugin."""


@hookspec
def castcore_register_destinations() -> Sequence[type[Destination[Any]]]:  # type: ignore[empty-body]
    """Return the destinations of this plugin."""


@hookspec
def castcore_register_notifiers() -> Sequence[type[Notifier[Any]]]:  # type: ignore[empty-body]
    """Return the notifiers of this plugin."""


@hookspec
def castcore_register_encoder_profiles() -> Sequence[type[EncoderProfile[Any]]]:  # type: ignore[empty-body]
    """Return the encoder profiles of this plugin."""


@hookspec
def castcore_register_ingest_sources() -> Sequence[type[IngestSource[Any]]]:  # type: ignore[empty-body]
    """Return the ingest sources of this plugin."""


@hookspec
def castcore_register_placements() -> Sequence[type[Placement[Any]]]:  # type: ignore[empty-body]
    """Return the placements of this plugin."""


@hookspec
def castcore_register_pages() -> Sequence[Page]:  # type: ignore[empty-body]
    """Return the web pages of this plugin."""


@hookspec
async def castcore_plugin_enabled(context: PluginContext) -> None:
    """Called once in each process after the plugin was enabled."""


@hookspec
async def castcore_plugin_disabled(context: PluginContext) -> None:
    """Called once in each process before the plugin is disabled."""


@hookspec
async def castcore_event(event: Event, context: PluginContext) -> None:
    """Called for every event, in order, one at a time for each plugin."""
