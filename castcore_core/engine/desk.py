"""What all keepers share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from castcore_core.engine.board import Board
from castcore_core.engine.ledger import Ledger
from castcore_core.engine.logbook import Logbook
from castcore_core.settings import Settings
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.planning import JobPlanner


@dataclass(frozen=True, slots=True)
class Desk:
    """The run folder, who plans, and where everything is written down."""

    run: Path
    planner: JobPlanner
    broadcasts: Broadcasts
    settings: Settings
    board: Board
    ledger: Ledger
    logbook: Logbook
