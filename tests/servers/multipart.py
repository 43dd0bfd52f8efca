"""Send a form with a file, as a browser does."""

from __future__ import annotations

from typing import Any

from quart import Response

from servers.staff import BASE, Reply, Visitor

_BOUNDARY = "----castcore-test-boundary"


def form(data: bytes, *, file: str = "x.png", name: str | None = None, part: str = "file") -> tuple[bytes, str]:
    """Return body and content type of a form with one file."""
    head = b""
    if name is not None:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'.encode()
    head += f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{part}"; filename="{file}"\r\n\r\n'.encode()
    return head + data + f"\r\n--{_BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={_BOUNDARY}"


async def upload(visitor: Visitor, data: bytes, path: str = "/assets", **more: Any) -> Reply:
    """POST a file."""
    body, content_type = form(data, **more)
    return await post(visitor, body, content_type, path)


async def post(visitor: Visitor, body: bytes, content_type: str, path: str = "/assets") -> Reply:
    """POST any body."""
    headers = {**visitor.headers, "Content-Type": content_type}
    scope = {"client": (visitor.address, 4711)}
    response: Response = await visitor.client.open(  # type: ignore[arg-type]
        BASE + path, method="POST", data=body, headers=headers, scope_base=scope
    )
    return Reply(response.status_code, await response.get_json(), response.headers)
