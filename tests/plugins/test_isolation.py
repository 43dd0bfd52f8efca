"""A plugin that is broken in any way changes nothing for the others."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.plugins.lane import GuardLimits
from castcore_core.plugins.state import PluginState
from castcore_sdk import BroadcastMetadata, BroadcastRequest, CastCoreError

REQUEST = BroadcastRequest(broadcast_id="b1", metadata=BroadcastMetadata(title="t"), starts_at=datetime.now(UTC))

REGISTER = """
@hookimpl
def castcore_register_destinations():
    return {result}
"""

BROKEN: dict[str, tuple[str, str]] = {
    "importerror": ("import no_such_library_at_all", "plugins.import_failed"),
    "raises": ("raise ValueError('boom')", "plugins.import_failed"),
    "exits": ("sys.exit(3)", "plugins.import_failed"),
    "interrupts": ("raise KeyboardInterrupt", "plugins.import_failed"),
    "syntax": ("def (", "plugins.import_failed"),
    "hardexit": ("os._exit(7)", "plugins.import_exited"),
    "segfault": ("ctypes.string_at(0)", "plugins.import_crashed"),
    "endless": ("while True: pass", "plugins.import_timeout"),
    "sleeper": ("time.sleep(3600)", "plugins.import_timeout"),
    "forker": ("os.fork() or time.sleep(3600)\nos._exit(0)", "plugins.import_timeout"),
    "noisy": ("os.write(1, b'x' * 100)\nprint('{}')\nimport nothing_of_that_name", "plugins.import_failed"),
    "hookexit": ("@hookimpl\ndef castcore_register_notifiers():\n    sys.exit(1)", "plugins.hook_failed"),
    "wrongargs": (
        "@hookimpl\ndef castcore_register_notifiers(registry):\n    return []",
        "plugins.hook_signature",
    ),
    "keywordonly": (
        "@hookimpl\nasync def castcore_plugin_enabled(*, context):\n    pass",
        "plugins.hook_signature",
    ),
    "notasync": ("@hookimpl\ndef castcore_plugin_enabled(context):\n    pass", "plugins.hook_signature"),
    "tooasync": ("@hookimpl\nasync def castcore_register_notifiers():\n    return []", "plugins.hook_signature"),
    "unknownhook": ("@hookimpl\ndef castcore_register_teapots():\n    return []", "plugins.hook_unknown"),
    "unmarked": ("def castcore_register_notifiers():\n    return []", "plugins.hook_unmarked"),
    "wrapping": (
        "@hookimpl(wrapper=True)\ndef castcore_register_notifiers():\n    return (yield)",
        "plugins.hook_wrapper",
    ),
    "nolist": (REGISTER.format(result="{'a': 1}"), "plugins.hook_result"),
    "noclass": (REGISTER.format(result="['x']"), "plugins.extension_type"),
    "wrongbase": (
        "class E(Notifier[Config]):\n    id='e'\n    async def send(self, notification, /): ...\n"
        + REGISTER.format(result="[E]"),
        "plugins.extension_type",
    ),
    "noid": (
        "class D(Destination[Config]):\n    async def open_broadcast(self, request, /): ...\n"
        "    async def close_broadcast(self, reference, /): ...\n" + REGISTER.format(result="[D]"),
        "plugins.extension_id",
    ),
    "abstract": (
        "class D(Destination[Config]):\n    id='d'\n" + REGISTER.format(result="[D]"),
        "plugins.extension_abstract",
    ),
    "noconfig": (
        "class D(Destination):\n    id='d'\n    async def open_broadcast(self, request, /): ...\n"
        "    async def close_broadcast(self, reference, /): ...\n" + REGISTER.format(result="[D]"),
        "plugins.config_model",
    ),
    "noschema": (
        "from typing import Callable\nclass C(ExtensionConfig):\n    f: Callable[[], int]\n"
        "class D(Destination[C]):\n    id='d'\n    async def open_broadcast(self, request, /): ...\n"
        "    async def close_broadcast(self, reference, /): ...\n" + REGISTER.format(result="[D]"),
        "plugins.config_schema",
    ),
    "hostile": (
        "class M(type):\n    def __getattribute__(cls, name):\n        raise SystemExit(9)\n"
        "class D(metaclass=M): pass\n" + REGISTER.format(result="[D]"),
        "plugins.hook_failed",
    ),
    "stealsid": (
        "class D(Destination[Config]):\n    id='alpha'\n    async def open_broadcast(self, request, /): ...\n"
        "    async def close_broadcast(self, reference, /): ...\n" + REGISTER.format(result="[D]"),
        "plugins.extension_id_taken",
    ),
    "stealsscheme": (
        "class D(Destination[Config]):\n    id='d2'\n    url_schemes=frozenset({'rtmp'})\n"
        "    async def open_broadcast(self, request, /): ...\n"
        "    async def close_broadcast(self, reference, /): ...\n" + REGISTER.format(result="[D]"),
        "plugins.scheme_taken",
    ),
}

AWFUL = """
class Awful(Destination[Config]):
    id = "awful"
    protocols = frozenset({PublishProtocol.RTMP})
    timeouts = {"close_broadcast": timedelta(seconds=0.2)}
    async def start(self): raise SystemExit(5)
    async def check(self): raise KeyboardInterrupt
    async def close(self): raise asyncio.CancelledError
    async def open_broadcast(self, request, /): raise RuntimeError("no key " + self.config.key.get_secret_value())
    async def close_broadcast(self, reference, /):
        while True:
            try: await asyncio.sleep(3600)
            except BaseException: pass

@hookimpl
def castcore_register_destinations(): return [Awful]
@hookimpl
async def castcore_plugin_enabled(context): raise SystemExit(2)
@hookimpl
async def castcore_plugin_disabled(context): raise GeneratorExit
"""


@pytest.fixture(scope="module")
def host(module_site, tmp_path_factory):
    site = module_site
    site.good("alpha")
    for plugin, (code, _) in BROKEN.items():
        site.add(plugin, code)
    site.add("awful", AWFUL)
    site.add("future", "raise SystemExit", requires="castcore-sdk>=2,<3")
    site.add("ancient", "raise SystemExit", metadata="Requires-Python: <3.0\n")
    site.add("unbound", "raise SystemExit", requires=None)
    site.add("badrange", "raise SystemExit", requires="castcore-sdk >= soon")
    site.add("badversion", "raise SystemExit", version="not.a.version!")
    site.add("Bad Id!", "raise SystemExit", distribution="castcore-badid")
    site.add("builtin", "raise SystemExit", distribution="castcore-imposter")
    site.add("attribute", "raise SystemExit", entry="castcore_attribute_plugin:thing")
    site.add("alpha", "raise SystemExit", distribution="castcore-zalpha")
    (site.folder / "garbage-1.0.dist-info").mkdir()
    (site.folder / "garbage-1.0.dist-info" / "METADATA").write_text("Name: garbage\nVersion: 1\n")
    (site.folder / "garbage-1.0.dist-info" / "entry_points.txt").write_text("[castcore.plugins]\nno equals sign\n")
    site.good("omega")
    base = tmp_path_factory.mktemp("host")
    settings = HostSettings(trial=4.0, watch=False, guard=GuardLimits(default=2.0, grace=0.2))
    host = PluginHost(base / "data", base / "cache", path=site.path, settings=settings)
    host.load()
    return host


@pytest.mark.parametrize("plugin", BROKEN)
def test_a_broken_plugin_has_a_state_with_its_reason(host: PluginHost, plugin: str) -> None:
    record = host.record(plugin)
    assert record.state is PluginState.FAILED
    assert record.reason is not None
    assert record.reason.code == BROKEN[plugin][1], record.reason


@pytest.mark.parametrize(
    ("plugin", "state", "code"),
    [
        ("future", PluginState.INCOMPATIBLE, "plugins.sdk_incompatible"),
        ("ancient", PluginState.INCOMPATIBLE, "plugins.python_incompatible"),
        ("unbound", PluginState.INCOMPATIBLE, "plugins.sdk_not_required"),
        ("badrange", PluginState.FAILED, "plugins.metadata_invalid"),
        ("badversion", PluginState.FAILED, "plugins.metadata_invalid"),
        ("Bad Id!", PluginState.FAILED, "plugins.id_invalid"),
        ("attribute", PluginState.FAILED, "plugins.metadata_invalid"),
        ("garbage", PluginState.FAILED, "plugins.metadata_invalid"),
    ],
)
def test_metadata_are_judged_before_anything_is_imported(host, plugin, state, code) -> None:
    record = host.record(plugin)
    assert (record.state, record.reason.code) == (state, code)


def test_an_id_belongs_to_one_distribution(host: PluginHost) -> None:
    first, second = (record for record in host.records if record.id == "alpha")
    assert first.state is PluginState.LOADED
    assert second.reason is not None
    assert (second.reason.code, second.reason.params["owner"]) == ("plugins.id_taken", "castcore-alpha")
    imposter = [record for record in host.records if record.id == "builtin"][1]
    assert imposter.reason is not None
    assert imposter.reason.code == "plugins.id_reserved"


@pytest.mark.parametrize("scheme", ["alpha", "omega", "rtmp"])
async def test_all_others_load_and_work(host: PluginHost, scheme: str, tmp_path: Path) -> None:
    found = host.registry.destination_for_scheme(scheme)
    assert found is not None
    assert found.plugin == ("builtin" if scheme == "rtmp" else scheme)
    data = host.config_from_url(found, "rtmp://127.0.0.1/live/somekey") if scheme == "rtmp" else {}
    instance = host.create(found, data)
    target = await instance.call(instance.extension.open_broadcast, REQUEST)
    assert target.reference == "b1"
    await instance.close()


# A coroutine that swallows even GeneratorExit is dropped by force, which Python remarks on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_plugin_whose_every_method_fails_harms_nobody(host: PluginHost) -> None:
    awful = host.create(host.registry.destinations["awful"], {"key": "hunter2hunter2"})
    good = host.create(host.registry.destinations["alpha"], {})
    await host.start()
    for method, error in ((awful.start, "SystemExit"), (awful.close, "CancelledError")):
        with pytest.raises(CastCoreError) as caught:
            await method()
        assert caught.value.code == "plugins.call_failed"
        assert caught.value.params["error"] == error
    with pytest.raises(CastCoreError) as caught:
        await awful.call(awful.extension.check)
    assert caught.value.params["error"] == "KeyboardInterrupt"
    with pytest.raises(CastCoreError) as caught:
        await awful.call(awful.extension.open_broadcast, REQUEST)
    assert caught.value.params == {
        "plugin": "awful",
        "extension": "awful",
        "method": "open_broadcast",
        "error": "RuntimeError",
    }
    assert "no key ••••" in caught.value.detail
    assert "hunter2" not in repr(caught.value) + str(caught.value.__cause__) + str(caught.value.__context__)
    began = time.monotonic()
    hanging = asyncio.create_task(awful.call(awful.extension.close_broadcast, "b1"))
    assert (await good.call(good.extension.open_broadcast, REQUEST)).reference == "b1"
    with pytest.raises(CastCoreError) as caught:
        await hanging
    assert caught.value.code == "plugins.call_timeout"
    assert time.monotonic() - began < 1.0
    assert [orphan.crumb.method for orphan in host.guard.orphans] == ["close_broadcast"]
    await host.aclose()
    assert host.guard.orphans == ()


async def test_a_loaded_plugin_is_switched_off_and_on_again(site, tmp_path: Path) -> None:
    site.good("alpha")
    site.good("omega")
    settings = HostSettings(watch=False)
    host = PluginHost(tmp_path / "data", tmp_path / "cache", path=site.path, settings=settings)
    host.load()
    assert (await host.disable("alpha")).state is PluginState.DISABLED
    assert host.registry.destination_for_scheme("alpha") is None
    again = PluginHost(tmp_path / "data", tmp_path / "cache", path=site.path, settings=settings)
    again.load()
    assert again.record("alpha").state is PluginState.DISABLED
    assert again.record("omega").state is PluginState.LOADED
    assert (await host.enable("alpha")).state is PluginState.LOADED
    assert host.registry.destination_for_scheme("alpha") is not None
    await host.aclose()


def test_safe_mode_leaves_out_everything_but_the_builtin(site, tmp_path: Path) -> None:
    site.add("alpha", "raise SystemExit")
    host = PluginHost(
        tmp_path / "data", tmp_path / "cache", path=site.path, safe=True, settings=HostSettings(watch=False)
    )
    host.load()
    record = host.record("alpha")
    assert (record.state, record.reason and record.reason.code) == (PluginState.LEFT_OUT, "plugins.safe_mode_asked")
    assert host.record("builtin").state is PluginState.LOADED
    assert host.registry.destination_for_scheme("rtmp") is not None
