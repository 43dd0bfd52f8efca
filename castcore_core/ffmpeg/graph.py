"""Build the filter graph: decode once, one branch for each rendition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from castcore_core.ffmpeg.overlay import drawn_logo, drawn_text
from castcore_core.ffmpeg.picture import deinterlacer, shaping
from castcore_core.ffmpeg.profile import AudioSettings, Filters
from castcore_core.ffmpeg.sound import sound_filters
from castcore_core.ffmpeg.video import VideoPlan
from castcore_core.media.info import VideoStream

_ASSUMED_WIDTH = 1280
"""For the size of a logo on a source of unknown size."""


class Graph:
    """The chains of one ``-filter_complex``, in order."""

    def __init__(self) -> None:
        self._chains: list[str] = []

    @property
    def argument(self) -> tuple[str, ...]:
        """Return the graph as ffmpeg's argument; nothing where it is empty."""
        return ("-filter_complex", ";".join(self._chains)) if self._chains else ()

    def chain(self, source: str, filters: Iterable[str], *targets: str) -> None:
        """Add filters from the pad ``source`` to the pads ``targets``."""
        self._chains.append(f"[{source}]{','.join(filters)}{''.join(f'[{pad}]' for pad in targets)}")

    def branch(self, source: str, kind: str, count: int) -> list[str]:
        """Return ``count`` pads that each carry ``source``; ``kind`` is ``split`` or ``asplit``."""
        if count == 1:
            return [source]
        pads = [f"{kind}{number}" for number in range(count)]
        self.chain(source, [f"{kind}={count}"], *pads)
        return pads

    def add(self, chain: str) -> None:
        """Add chains that were written elsewhere."""
        self._chains.append(chain)


def picture_branches(graph: Graph, source: str, stream: VideoStream | None, plans: Sequence[VideoPlan]) -> list[str]:
    """Split the source, once for each plan, fields joined before where all agree. Return the pads."""
    wanted = {deinterlacer(plan.settings, stream) for plan in plans}
    shared = wanted.pop() if len(wanted) == 1 else None
    if shared is not None:
        graph.chain(source, [shared], "frames")
        return graph.branch("frames", "split", len(plans))
    pads = graph.branch(source, "split", len(plans))
    for number, plan in enumerate(plans):
        if joined := deinterlacer(plan.settings, stream):
            graph.chain(pads[number], [joined], f"frames{number}")
            pads[number] = f"frames{number}"
    return pads


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One rendition's way through the graph, from pad to pad."""

    source: str
    target: str
    filters: Filters
    font: str
    logo: str = ""
    """The pad of its logo, empty without one."""


def picture_chain(graph: Graph, branch: Branch, plan: VideoPlan, stream: VideoStream | None) -> None:
    """Add one rendition's picture: shaped, overlaid, finished for its encoder."""
    logo, target = branch.filters.logo, branch.target
    text = [drawn_text(branch.filters.text, branch.font)] if branch.filters.text else []
    if logo is None:
        graph.chain(branch.source, [*shaping(plan.picture, stream), *text, *plan.ending], target)
        return
    below, above = f"{target}below", f"{target}above"
    graph.chain(branch.source, shaping(plan.picture, stream), below)
    width = plan.picture.width or _ASSUMED_WIDTH
    graph.add(drawn_logo(logo, width, below=below, picture=branch.logo, above=above))
    graph.chain(above, [*text, *plan.ending], target)


def sound_branches(graph: Graph, source: str, settings: Sequence[AudioSettings], targets: Sequence[str]) -> None:
    """Add each rendition's sound from ``source`` to its target."""
    for pad, each, target in zip(graph.branch(source, "asplit", len(settings)), settings, targets, strict=True):
        graph.chain(pad, sound_filters(each), target)
