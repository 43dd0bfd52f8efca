"""The database: SQLite or PostgreSQL, opened fast or not at all, migrated behind a guard."""

from castcore_core.db.connection import Database, open_database
from castcore_core.db.record import Record, utc, utc_now
from castcore_core.db.target import Target

__all__ = ["Database", "Record", "Target", "open_database", "utc", "utc_now"]
