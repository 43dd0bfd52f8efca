"""The contract between CastCore and its plugins."""

from castcore_sdk.blocking import BlockingReader, BlockingStorage, BlockingWriter, WritableBlockingStorage
from castcore_sdk.config import Endpoint, ExtensionConfig, Secret, config_schema, mask, parse_config, problem, ui
from castcore_sdk.context import DocumentStore, OAuthSession, PluginContext
from castcore_sdk.destination import (
    BroadcastMetadata,
    BroadcastPhase,
    BroadcastRequest,
    BroadcastStatus,
    Destination,
    PublishProtocol,
    PublishTarget,
    StreamLimits,
    SupportsMetadata,
    SupportsStatus,
    SupportsThumbnail,
)
from castcore_sdk.encoder import (
    EncoderArguments,
    EncoderDevice,
    EncodeRequest,
    EncoderProfile,
    FFmpegInfo,
    HardwareInfo,
)
from castcore_sdk.errors import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    Params,
    PermanentError,
    TemporaryError,
)
from castcore_sdk.event import Event
from castcore_sdk.extension import EXTENSION_ID, CheckResult, ConfigT, Extension, Severity
from castcore_sdk.folder import Folder, FolderStorage
from castcore_sdk.hookspecs import hookimpl, hookspec
from castcore_sdk.notifier import LEVELS, Notification, Notifier
from castcore_sdk.oauth import OAuthProvider, SupportsOAuth
from castcore_sdk.placement import Link, Needs, Placement
from castcore_sdk.source import IngestSource, MediaInput, SourceRequest
from castcore_sdk.storage import (
    StorageBackend,
    StorageEntry,
    StoragePath,
    SupportsWrite,
    storage_path,
)
from castcore_sdk.web import Page, PageRequest, RedirectResponse, TemplateResponse

__version__ = "1.0.0"

__all__ = [
    "EXTENSION_ID",
    "LEVELS",
    "AuthenticationError",
    "BlockingReader",
    "BlockingStorage",
    "BlockingWriter",
    "BroadcastMetadata",
    "BroadcastPhase",
    "BroadcastRequest",
    "BroadcastStatus",
    "CastCoreError",
    "CheckResult",
    "ConfigT",
    "ConfigurationError",
    "Destination",
    "DocumentStore",
    "EncodeRequest",
    "EncoderArguments",
    "EncoderDevice",
    "EncoderProfile",
    "Endpoint",
    "Event",
    "Extension",
    "ExtensionConfig",
    "FFmpegInfo",
    "Folder",
    "FolderStorage",
    "HardwareInfo",
    "IngestSource",
    "Link",
    "MediaInput",
    "Needs",
    "NotFoundError",
    "Notification",
    "Notifier",
    "OAuthProvider",
    "OAuthSession",
    "Page",
    "PageRequest",
    "Params",
    "PermanentError",
    "Placement",
    "PluginContext",
    "PublishProtocol",
    "PublishTarget",
    "RedirectResponse",
    "Secret",
    "Severity",
    "SourceRequest",
    "StorageBackend",
    "StorageEntry",
    "StoragePath",
    "StreamLimits",
    "SupportsMetadata",
    "SupportsOAuth",
    "SupportsStatus",
    "SupportsThumbnail",
    "SupportsWrite",
    "TemplateResponse",
    "TemporaryError",
    "WritableBlockingStorage",
    "config_schema",
    "hookimpl",
    "hookspec",
    "mask",
    "parse_config",
    "problem",
    "storage_path",
    "ui",
]
