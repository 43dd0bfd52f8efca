"""Hold a plugin module against the contract: its hooks, and what they return."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pluggy import PluginManager

from castcore_core.plugins.extension import page_faults, type_faults
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.plugins.state import Reason
from castcore_sdk import (
    Destination,
    EncoderProfile,
    IngestSource,
    Notifier,
    Page,
    Placement,
    StorageBackend,
    hookspecs,
)

PROJECT = "castcore"

REGISTRATIONS: Mapping[str, tuple[Kind, type]] = {
    "castcore_register_storage_backends": (Kind.STORAGE_BACKEND, StorageBackend),
    "castcore_register_destinations": (Kind.DESTINATION, Destination),
    "castcore_register_notifiers": (Kind.NOTIFIER, Notifier),
    "castcore_register_encoder_profiles": (Kind.ENCODER_PROFILE, EncoderProfile),
    "castcore_register_ingest_sources": (Kind.INGEST_SOURCE, IngestSource),
    "castcore_register_placements": (Kind.PLACEMENT, Placement),
    "castcore_register_pages": (Kind.PAGE, Page),
}

_SPECS: Mapping[str, Callable[..., object]] = {
    name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, f"{PROJECT}_spec")
}


@dataclass(frozen=True, slots=True)
class Contribution:
    """One registered class or page with what it offers."""

    offer: Offer
    item: Any


@dataclass(frozen=True, slots=True)
class Inspection:
    """The outcome for one module; ``hooks`` is to be used only where there are no faults."""

    hooks: PluginManager
    contributions: tuple[Contribution, ...]
    faults: tuple[Reason, ...]


def inspect_module(module: ModuleType, plugin: str) -> Inspection:
    """Call the registration hooks of ``module`` and check them and their results.

    The plugin's code runs here, so anything it raises, `SystemExit` included, becomes a fault.
    """
    manager = PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    faults: list[Reason] = []
    contributions: list[Contribution] = []
    try:
        faults += _hook_faults(module)
        if not faults:
            manager.register(module, name=plugin)
            for hook in REGISTRATIONS:
                _collect(manager, hook, contributions, faults)
            faults += _repeated(contributions)
    except BaseException as error:  # looking at an object of the plugin can run its code
        faults.append(Reason("plugins.hook_failed", {"hook": plugin, "error": type(error).__name__}, describe(error)))
    return Inspection(manager, tuple(contributions), tuple(faults))


def describe(error: BaseException) -> str:
    """Return type, text and the last place in the code of ``error``, also where its text cannot be had."""
    try:
        text = str(error)
    except BaseException:  # the plugin's own exception class may raise anything
        text = "its text cannot be read"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {text[:2000]}{place}"


def _hook_faults(module: ModuleType) -> Iterator[Reason]:
    """Find hooks that would never be called, or not as their author means."""
    for name, function in list(vars(module).items()):
        if not inspect.isroutine(function) or hasattr(function, f"{PROJECT}_spec"):
            continue
        options = getattr(function, f"{PROJECT}_impl", None)
        if options is None:
            if name.startswith(f"{PROJECT}_"):
                yield Reason("plugins.hook_unmarked", {"hook": name})
            continue
        hook = options.get("specname") or name
        if hook not in _SPECS:
            yield Reason("plugins.hook_unknown", {"hook": hook})
        elif options.get("wrapper") or options.get("hookwrapper"):
            yield Reason("plugins.hook_wrapper", {"hook": hook})
        else:
            yield from _signature_faults(hook, function)


def _signature_faults(hook: str, function: Callable[..., object]) -> Iterator[Reason]:
    spec = _SPECS[hook]
    allowed = inspect.signature(spec).parameters
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        yield Reason("plugins.hook_signature", {"hook": hook}, str(error))
        return
    for parameter in parameters:
        positional = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        known = positional and parameter.name in allowed
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if not known and not variable and parameter.default is parameter.empty:
            yield Reason("plugins.hook_signature", {"hook": hook}, f"unknown argument {parameter.name!r}")
    if inspect.iscoroutinefunction(function) != inspect.iscoroutinefunction(spec):
        wanted = "async def" if inspect.iscoroutinefunction(spec) else "def"
        yield Reason("plugins.hook_signature", {"hook": hook}, f"must be written with {wanted}")


def _collect(manager: PluginManager, hook: str, contributions: list[Contribution], faults: list[Reason]) -> None:
    kind, base = REGISTRATIONS[hook]
    try:
        results = getattr(manager.hook, hook)()
        for result in results:
            if not isinstance(result, (list, tuple)):
                faults.append(Reason("plugins.hook_result", {"hook": hook, "result": type(result).__name__}))
                continue
            for item in result:
                found = list(page_faults(item) if kind is Kind.PAGE else type_faults(item, base))
                faults += found
                if not found:
                    contributions.append(Contribution(_offer(kind, item), item))
    except BaseException as error:
        faults.append(Reason("plugins.hook_failed", {"hook": hook, "error": type(error).__name__}, describe(error)))


def _offer(kind: Kind, item: Any) -> Offer:
    if kind is Kind.PAGE:
        return Offer(kind, item.path)
    schemes = tuple(sorted(getattr(item, "url_schemes", ()))) if kind is Kind.DESTINATION else ()
    return Offer(kind, item.id, schemes)


def _repeated(contributions: list[Contribution]) -> Iterator[Reason]:
    seen: set[tuple[Kind, str]] = set()
    for contribution in contributions:
        key = contribution.offer.kind, contribution.offer.id
        if key in seen:
            yield Reason("plugins.extension_repeated", {"kind": key[0].value, "id": key[1]})
        seen.add(key)
