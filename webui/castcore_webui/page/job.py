"""One job: what it does, and its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from quart import Response, request, send_from_directory
from quart_schema import hide

from castcore_core.platforms.metadata_schemas import MetadataBody
from castcore_core.streams import definition
from castcore_sdk.errors import NotFoundError
from castcore_webui.page.destination import destination_types, platform_accounts
from castcore_webui.page.place import blueprint, render, render_refusal
from castcore_webui.page.profile import profile_parts
from castcore_webui.reading import ask, ask_all
from castcore_webui.viewer import viewer

SOURCES: dict[str, type[BaseModel]] = {
    "file": definition.FileInput,
    "url": definition.UrlInput,
    "ingest": definition.IngestInput,
    "device": definition.DeviceInput,
    "test": definition.PatternInput,
    "media_item": definition.MediaItemInput,
    "storage": definition.StorageInput,
}
PARTS: dict[str, type[BaseModel]] = {
    "fallback": definition.Fallback,
    "restart": definition.Restart,
    "recording": definition.Recording,
}
_SERVED = frozenset({".m3u8", ".ts", ".m4s", ".mp4"})


@blueprint.get("/jobs/<uuid:job_id>")
@hide
async def job(job_id: UUID) -> Response:
    """Show a job: state and reason, figures, destinations, log."""
    who = await viewer()
    path = f"/stream-jobs/{job_id}"
    found, status, reports = await ask_all(path, f"{path}/status", f"{path}/preflight?limit=1")
    if not found.ok or not status.ok:
        return await render_refusal(found if not found.ok else status)
    hls = await _hls_output(found.body)
    report = reports.items[0] if reports.items else None
    metadata = await _metadata_parts(found.body) if who.operates else None
    preview = f"/jobs/{job_id}/preview/{hls[1]}" if hls else ""
    return await render(
        "job.html",
        script="job",
        first={"job": found.body, "status": status.body, "report": report, "metadata": metadata},
        metadata=metadata,
        job=found.body,
        status=status.body,
        outputs=_outputs(found.body, status.body),
        report=report,
        preview=preview,
    )


@blueprint.get("/jobs/<uuid:job_id>/preview/<name>")
@hide
async def preview(job_id: UUID, name: str) -> Response:
    """Send a playlist or a segment of the job's HLS output."""
    found = await ask(f"/stream-jobs/{job_id}")
    hls = await _hls_output(found.body) if found.ok else None
    if hls is None or Path(name).suffix not in _SERVED:
        raise NotFoundError("request.not_found")
    response = await send_from_directory(hls[0], name)
    response.headers["Cache-Control"] = "no-cache" if name.endswith(".m3u8") else "private, max-age=60"
    return response


@blueprint.get("/jobs/new")
@hide
async def new_job() -> Response:
    """Show the form of a job that is not there yet."""
    return await _editor(None)


@blueprint.get("/jobs/<uuid:job_id>/edit")
@hide
async def edit_job(job_id: UUID) -> Response:
    """Show the form of a job."""
    found = await ask(f"/stream-jobs/{job_id}")
    return await _editor(found.body) if found.ok else await render_refusal(found)


async def _editor(job: dict[str, Any] | None) -> Response:
    destinations, profiles, sources, media, assets = await ask_all(
        "/destinations?limit=500",
        "/ffmpeg-profiles?limit=500",
        "/storage-sources?limit=500",
        "/media?streamable=true&limit=500&sort=name",
        "/assets?limit=500",
    )
    preset = _preset() if job is None else None
    first = {
        "job": job,
        "sources": {kind: model.model_json_schema() for kind, model in SOURCES.items()},
        "parts": {name: model.model_json_schema() for name, model in PARTS.items()},
        "destinations": destinations.items,
        "types": await destination_types(),
        "accounts": await platform_accounts(),
        "storage": [{"id": each["id"], "name": each["name"]} for each in sources.items],
        "media": await _choices(media.items, job["source"] if job else preset),
        "preset": preset,
        "assets": [{"id": each["id"], "name": each["name"], "kind": each["kind"]} for each in assets.items],
        "profiles": profiles.items,
        "profile": await profile_parts(),
    }
    return await render("editor.html", script="editor", first=first, job=job)


async def _metadata_parts(job: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the forms of a job's metadata are made from; None where no platform of its shows any."""
    able = {each["id"] for each in await destination_types() if "metadata" in each["capabilities"]}
    platforms = sorted({output["destination_type"] for output in job["outputs"]} & able)
    if not platforms:
        return None
    pictures = await ask("/assets", {"kind": "image", "limit": 500})
    return {
        "platforms": platforms,
        "schema": MetadataBody.model_json_schema(),
        "pictures": [{"id": each["id"], "name": each["name"]} for each in pictures.items],
    }


def _preset() -> dict[str, str] | None:
    """Return the source that another page has chosen for a new job."""
    if media := request.args.get("media"):
        return {"kind": "media_item", "media_id": media}
    if source := request.args.get("source"):
        return {"kind": "storage", "source_id": source, "path": request.args.get("path", "")}
    return None


async def _choices(items: list[dict[str, Any]], source: dict[str, Any] | None) -> list[dict[str, str]]:
    """Return the files of the library that may be chosen, with the chosen one."""
    chosen = (source or {}).get("media_id")
    if chosen and all(each["id"] != chosen for each in items):
        found = await ask(f"/media/{chosen}")
        items = [found.body, *items] if found.ok else items
    return [{"id": each["id"], "name": f"{each['source_name']}: {each['path']}"} for each in items]


async def _hls_output(job: dict[str, Any]) -> tuple[str, str] | None:
    """Return folder and playlist of the job's first HLS output."""
    for output in job["outputs"]:
        if output["destination_type"] == "hls" and output["enabled"]:
            config = (await ask(f"/destinations/{output['destination_id']}")).body.get("config", {})
            if "folder" in config:
                return config["folder"], config.get("playlist", "index.m3u8")
    return None


def _outputs(job: dict[str, Any], status: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs as the job names them, with their states where the engine knows them."""
    known = {output["id"]: output for output in status["outputs"]}
    named = [
        {"id": each["id"], "name": each["destination_name"], "type": each["destination_type"], "state": "stopped"}
        for each in job["outputs"]
    ]
    further = [output for output in status["outputs"] if output["id"] not in {each["id"] for each in named}]
    return [{**each, **known.get(each["id"], {})} for each in named] + further
