"""The commands and their options; each command's work stands in a module of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import castcore_core
from castcore_core.cli import jobs, plugin_change, plugin_new, serve, user
from castcore_core.cli.message import say

app = typer.Typer(
    help=say("help_app"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plugins = typer.Typer(help=say("help_plugin"), no_args_is_help=True)
app.add_typer(plugins, name="plugin")
for module in (serve, jobs, user):
    module.register(app)
plugin_new.register(plugins)
plugin_change.register(plugins)

AsJson = Annotated[bool, typer.Option("--json", help=say("help_json"))]
Ffmpeg = Annotated[Path | None, typer.Option("--ffmpeg", envvar="CASTCORE_FFMPEG", help=say("help_ffmpeg"))]
Authorities = Annotated[Path | None, typer.Option("--ca-file", envvar="CASTCORE_CA_FILE", help=say("help_ca_file"))]
Input = Annotated[str, typer.Argument(help=say("help_input"), show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"castcore {castcore_core.__version__}")
        raise typer.Exit


@app.callback()
def common(
    lang: Annotated[str | None, typer.Option(help=say("help_lang"))] = None,  # read by message.language
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=say("help_version"))
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command(help=say("help_run"))
def run(
    input_: Annotated[str, typer.Argument(metavar="INPUT", help=say("help_input"), show_default=False)],
    to: Annotated[list[str] | None, typer.Option("--to", metavar="TARGET", help=say("help_to"))] = None,
    profile: Annotated[str, typer.Option(help=say("help_profile"))] = "source",
    encoder: Annotated[str | None, typer.Option(help=say("help_encoder"))] = None,
    copy: Annotated[bool, typer.Option("--copy", help=say("help_copy"))] = False,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help=say("help_record"))] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help=say("help_overwrite"))] = False,
    loop: Annotated[bool, typer.Option("--loop", help=say("help_loop"))] = False,
    seek: Annotated[float, typer.Option(metavar="SECONDS", min=0, help=say("help_seek"))] = 0.0,
    duration: Annotated[float | None, typer.Option(metavar="SECONDS", min=0.1, help=say("help_duration"))] = None,
    audio: Annotated[int, typer.Option(metavar="N", min=0, help=say("help_audio"))] = 0,
    no_audio: Annotated[bool, typer.Option("--no-audio", help=say("help_no_audio"))] = False,
    still: Annotated[Path | None, typer.Option(metavar="IMAGE", help=say("help_still"))] = None,
    key_file: Annotated[Path | None, typer.Option(metavar="FILE", help=say("help_key_file"))] = None,
    wait_source: Annotated[float, typer.Option(metavar="SECONDS", min=0, help=say("help_wait_source"))] = 10.0,
    give_up_after: Annotated[float, typer.Option(metavar="SECONDS", min=0, help=say("help_give_up"))] = 15.0,
    ca_file: Authorities = None,
    ffmpeg: Ffmpeg = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=say("help_verbose"))] = False,
    json: AsJson = False,
) -> None:
    """Stream."""
    from castcore_core.cli.run import run as work
    from castcore_core.streams.request import RunRequest

    work(
        RunRequest(
            input=input_,
            targets=tuple(to or ()),
            profile="copy" if copy else profile,
            encoder=encoder,
            record=record,
            overwrite=overwrite,
            loop=loop,
            start_at=seek,
            duration=duration,
            audio_track=audio,
            no_audio=no_audio,
            still=still,
            key_file=key_file,
            source_within=wait_source or None,
            give_up_after=give_up_after or None,
            ca_file=ca_file,
            ffmpeg=ffmpeg,
        ),
        as_json=json,
        verbose=verbose,
    )


@app.command(help=say("help_probe"))
def probe(
    input_: Annotated[str, typer.Argument(metavar="INPUT", help=say("help_input"), show_default=False)],
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=1, help=say("help_timeout"))] = 10.0,
    ca_file: Authorities = None,
    json: AsJson = False,
) -> None:
    """Look into an input."""
    from castcore_core.cli.probe import probe as work

    work(input_, timeout=timeout, ca_file=str(ca_file) if ca_file else None, as_json=json)


@app.command(help=say("help_encoders"))
def encoders(ffmpeg: Ffmpeg = None, json: AsJson = False) -> None:
    """List the encoders."""
    from castcore_core.cli.encoders import encoders as work

    work(ffmpeg, as_json=json)


@app.command(help=say("help_doctor"))
def doctor(ffmpeg: Ffmpeg = None, json: AsJson = False) -> None:
    """Check the machine."""
    from castcore_core.cli.doctor import doctor as work

    work(ffmpeg, as_json=json)


@app.command(help=say("help_demo"))
def demo(
    media: Annotated[Path | None, typer.Option(metavar="FILE", help=say("help_demo_media"))] = None,
    folder: Annotated[Path, typer.Option(help=say("help_demo_folder"))] = Path("demo"),
    duration: Annotated[float | None, typer.Option(metavar="SECONDS", min=1, help=say("help_duration"))] = None,
) -> None:
    """Show what CastCore does."""
    from castcore_core.cli.demo import demo as work

    work(media, folder, duration)


@plugins.command("list", help=say("help_plugin_list"))
def plugin_list(json: AsJson = False) -> None:
    """List the plugins."""
    from castcore_core.cli.plugin import show_list

    show_list(as_json=json)


@plugins.command("info", help=say("help_plugin_info"))
def plugin_info(plugin: str, json: AsJson = False) -> None:
    """Show one plugin."""
    from castcore_core.cli.plugin import show_info

    show_info(plugin, as_json=json)


@plugins.command("check", help=say("help_plugin_check"))
def plugin_check(
    plugin: str,
    no_tests: Annotated[bool, typer.Option("--no-tests", help=say("help_no_tests"))] = False,
    json: AsJson = False,
) -> None:
    """Check one plugin."""
    from castcore_core.cli.plugin import show_check

    show_check(plugin, tests=not no_tests, as_json=json)
