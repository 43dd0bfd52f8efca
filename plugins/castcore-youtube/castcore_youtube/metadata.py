"""What viewers read: title, description, category, tags, language, playlists, picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from castcore_sdk import BroadcastMetadata, CastCoreError, ConfigurationError, NotFoundError, Params, PermanentError
from castcore_youtube.answer import Answer, child, children, text, texts
from castcore_youtube.api import (
    INSERT_INTO_PLAYLIST,
    LIST_BROADCASTS,
    LIST_CATEGORIES,
    LIST_PLAYLIST,
    LIST_VIDEOS,
    SET_THUMBNAIL,
    UPDATE_BROADCAST,
    UPDATE_VIDEO,
    Api,
)
from castcore_youtube.configuration import YoutubeConfig
from castcore_youtube.note import Problems
from castcore_youtube.wording import description, tags, title

LARGEST_PICTURE = 50 << 20
"""Bytes: ``maxSize`` of ``thumbnails.set`` in the API's discovery document."""
_MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}


async def show(api: Api, config: YoutubeConfig, reference: str, metadata: BroadcastMetadata) -> None:
    """Show the metadata from now on; what is the same already is not sent, for each change costs 50 units."""
    answer = await api.call(LIST_BROADCASTS, id=reference, part="id,snippet,status")
    broadcast = only(answer)
    snippet = child(broadcast, "snippet")
    wanted = {"title": title(metadata.title), "description": description(metadata.description)}
    if any(text(snippet, name) != value for name, value in wanted.items()):
        # What an update leaves out is deleted (the reference says so), hence the start.
        kept = {name: snippet[name] for name in ("scheduledStartTime", "scheduledEndTime") if text(snippet, name)}
        body = {"id": reference, "snippet": {**kept, **wanted}}
        await api.call(UPDATE_BROADCAST, body, part="snippet")
    await describe(api, config, reference, metadata)


async def describe(api: Api, config: YoutubeConfig, reference: str, metadata: BroadcastMetadata) -> None:
    """Set category, tags and language: those of the broadcast, else those of the configuration, else as they are."""
    wanted: dict[str, Any] = {}
    if category := metadata.category or config.category:
        wanted["categoryId"] = await category_id(api, config.region, category)
    if words := tags(metadata.tags or config.tags):
        wanted["tags"] = words
    if language := metadata.language or config.language:
        wanted["defaultLanguage"] = wanted["defaultAudioLanguage"] = language
    if not wanted:
        return
    video = only(await api.call(LIST_VIDEOS, id=reference, part="id,snippet"))
    snippet = child(video, "snippet")
    if all(_same(snippet, name, value) for name, value in wanted.items()):
        return
    own = ("title", "description", "categoryId", "tags", "defaultLanguage", "defaultAudioLanguage")
    kept = {name: snippet[name] for name in own if snippet.get(name)}
    kept["title"], kept["description"] = title(metadata.title), description(metadata.description)
    await api.call(UPDATE_VIDEO, {"id": reference, "snippet": {**kept, **wanted}}, part="snippet")


def _same(snippet: Answer, name: str, value: object) -> bool:
    return list(texts(snippet, name)) == value if isinstance(value, list) else text(snippet, name) == value


async def category_id(api: Api, region: str, category: str) -> str:
    """Return the number of a category. Raise ConfigurationError where the region has none of that name."""
    if category.isascii() and category.isdigit() and len(category) <= 4:
        return category
    answer = await api.call(LIST_CATEGORIES, part="id,snippet", regionCode=region)
    for each in children(answer, "items"):
        snippet = child(each, "snippet")
        if text(snippet, "title").casefold() == category.casefold() and snippet.get("assignable") is True:
            return text(each, "id")
    raise ConfigurationError("youtube.category_unknown", field="category")


async def enlist(api: Api, playlists: Sequence[str], reference: str) -> None:
    """Put the broadcast into each playlist once."""
    for playlist in playlists:
        answer = await api.call(LIST_PLAYLIST, part="id", playlistId=playlist, videoId=reference)
        if children(answer, "items"):
            continue
        resource = {"kind": "youtube#video", "videoId": reference}
        body = {"snippet": {"playlistId": playlist, "resourceId": resource}}
        await api.call(INSERT_INTO_PLAYLIST, body, part="snippet")


async def dress(api: Api, config: YoutubeConfig, reference: str, metadata: BroadcastMetadata) -> Problems:
    """Set what a broadcast can do without, and return what stood in the way: the stream goes on air all the same."""
    problems: list[tuple[str, Params]] = []
    steps = (partial(describe, api, config, reference, metadata), partial(enlist, api, config.playlists, reference))
    for step in steps:
        try:
            await step()
        except CastCoreError as error:
            problems.append((error.code, error.params))
    return tuple(problems)


async def picture(api: Api, reference: str, image: bytes, media_type: str) -> None:
    """Show ``image`` before and beside the broadcast."""
    magic = _MAGIC.get(media_type)
    if magic is None or not image.startswith(magic):
        raise PermanentError("youtube.thumbnail_format")
    if len(image) > LARGEST_PICTURE:
        raise PermanentError("youtube.thumbnail_too_large")
    await api.upload(SET_THUMBNAIL, image, media_type, videoId=reference)


def only(answer: Answer) -> Answer:
    """Return the one item of a list. Raise NotFoundError where there is none."""
    for item in children(answer, "items"):
        return item
    raise NotFoundError("youtube.broadcast_gone")
