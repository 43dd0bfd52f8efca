"""One life of the server: everything opened in order, and closed in the reverse one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from castcore_core.config import Configuration, DataFolder
from castcore_core.core import Core
from castcore_core.db import Target, open_database
from castcore_core.db.guard import migrate
from castcore_core.events import open_bus
from castcore_core.feature import FEATURES, Feature, load
from castcore_core.secrets import KeyRing, scrubber


@asynccontextmanager
async def live(configuration: Configuration, *, features: Iterable[Feature] = FEATURES) -> AsyncIterator[Core]:
    """Prepare the data folder, keys and schema, open database and bus, and enter the features.

    Raises the CastCoreError of whatever cannot be used, database and Redis within 2 s.
    """
    folder = DataFolder(configuration.data_dir)
    folder.prepare()
    _remember_secrets(configuration)
    ring = KeyRing.open(configuration.key_ring_file)
    features = tuple(features)
    models = [feature.models for feature in features if feature.models]
    target = Target.parse(configuration.effective_database_url.get_secret_value())
    await migrate(target, folder.backups, models=models)
    redis = configuration.redis_url.get_secret_value() if configuration.redis_url else None
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(target, models))
        bus = await stack.enter_async_context(open_bus(redis, prefix=configuration.redis_prefix))
        core = Core(configuration, folder, ring, database, bus)
        stack.callback(core.stopping.set)
        for feature in features:
            if feature.run:
                await stack.enter_async_context(load(feature.run)(core))
        yield core


def _remember_secrets(configuration: Configuration) -> None:
    if configuration.metrics_token:
        scrubber.add(configuration.metrics_token.get_secret_value())
    for url in (configuration.database_url, configuration.redis_url):
        if url and (password := Target.password(url.get_secret_value())):
            scrubber.add(password)
