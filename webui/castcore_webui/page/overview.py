"""The dashboard and the list of jobs."""

from __future__ import annotations

from quart import Response, request
from quart_schema import hide

from castcore_webui.board import STATES, grouped, with_status
from castcore_webui.page.place import blueprint, render
from castcore_webui.paging import PER_PAGE, pages
from castcore_webui.reading import ask, ask_all

_MOST = 500


@blueprint.get("/")
@hide
async def dashboard() -> Response:
    """Show what needs somebody first, then what runs, then what rests."""
    listed, figures = await ask_all(f"/stream-jobs?limit={_MOST}&sort=name", "/system/metrics")
    groups = grouped(with_status(listed.items))
    return await render(
        "dashboard.html",
        script="dashboard",
        first={"figures": figures.body if figures.ok else None},
        jobs=listed.items,
        refusal=listed.error,
        groups=groups,
        counts={name: len(jobs) for name, jobs in groups.items()},
        figures=figures.ok,
    )


@blueprint.get("/jobs")
@hide
async def jobs() -> Response:
    """Show the jobs, filtered by name and state."""
    q, state = request.args.get("q", "")[:100].strip(), request.args.get("state", "")
    page = max(1, request.args.get("page", 1, int))
    query: dict[str, object] = {"sort": "name", **({"q": q} if q else {})}
    # A state is the engine's to know, no database's: then one page holds all that are in it.
    part = {"limit": _MOST} if state else {"limit": PER_PAGE, "offset": (page - 1) * PER_PAGE}
    listed = await ask("/stream-jobs", {**query, **part})
    found = with_status(listed.items)
    if state:
        found = [job for job in found if job["status"]["state"] == state]
    total = len(found) if state or not listed.ok else int(listed.body["total"])
    return await render(
        "jobs.html",
        script="jobs",
        first={},
        jobs=found,
        refusal=listed.error,
        query={"q": q, "state": state},
        states=STATES,
        pages=pages("/jobs", page, 0 if state else total, {"q": q} if q else {}),
    )
