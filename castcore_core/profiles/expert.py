"""Arguments that experts add to an encoder: options of a list, with values that name no file and no address."""

from __future__ import annotations

import re
from collections.abc import Sequence

from castcore_core.error import InvalidError, InvalidField

MOST = 40
"""Tokens, options and values together."""

_NUMBER = r"-?\d{1,9}(?:\.\d{1,6})?"
_RATE = r"\d{1,9}(?:\.\d{1,3})?[kKM]?"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
_WORDS = rf"{_WORD}(?:[+,]{_WORD}){{0,7}}"

_NUMBERS = (
    *(
        "aq-strength",
        "aq-mode",
        "async_depth",
        "b_strategy",
        "bf",
        "coder",
        "compression_level",
        "cpu-used",
        "cq",
        "crf",
    ),
    *(
        "crf_max",
        "global_quality",
        "low_power",
        "me_range",
        "q:v",
        "qcomp",
        "qdiff",
        "qmax",
        "qmin",
        "qp",
        "rc-lookahead",
    ),
    *("refs", "slices", "spatial-aq", "subq", "surfaces", "temporal-aq", "threads", "trellis", "weightb", "weightp"),
)
_RATES = ("b:v", "bufsize", "maxrate", "minrate")
_NAMES = (
    *("color_primaries", "color_range", "color_trc", "colorspace", "level", "me_method", "motion-est", "multipass"),
    *("nal-hrd", "partitions", "preset", "profile:v", "rc", "rc_mode", "tier", "tune"),
)
OPTIONS = (
    dict.fromkeys(_NUMBERS, re.compile(_NUMBER))
    | dict.fromkeys(_RATES, re.compile(_RATE))
    | dict.fromkeys(_NAMES, re.compile(_WORDS))
    | {"psy-rd": re.compile(rf"{_NUMBER}[:,]{_NUMBER}"), "deblock": re.compile(rf"{_NUMBER}[:,]{_NUMBER}")}
)
"""Option without its dash → what its value may look like.

Missing on purpose: options that take a whole list for the encoder's library (``-x264-params`` knows files), those that
read or write files (``-/option``, ``-stats``, ``-passlogfile``), and those that change when keyframes come (``-g``).
"""


def check_expert_args(tokens: Sequence[str]) -> None:
    """Raise InvalidError for the tokens that are no pairs of an option of :data:`OPTIONS` and a value it can have."""
    if len(tokens) > MOST:
        raise InvalidError.at("expert_args", type="too_long")
    faults: list[InvalidField] = []
    for place in range(0, len(tokens), 2):
        option = tokens[place]
        pattern = OPTIONS.get(option[1:]) if option.startswith("-") else None
        if pattern is None:
            faults.append({"path": ["expert_args", place], "type": "option_not_allowed"})
        elif place + 1 >= len(tokens):
            faults.append({"path": ["expert_args", place], "type": "value_missing"})
        elif not pattern.fullmatch(tokens[place + 1]):
            faults.append({"path": ["expert_args", place + 1], "type": "value_not_allowed"})
    if faults:
        raise InvalidError(faults)
