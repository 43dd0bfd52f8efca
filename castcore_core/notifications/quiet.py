"""Quiet hours: when somebody wants to be left alone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, field_validator, model_validator
from pydantic_core import PydanticCustomError

from castcore_core.settings.model import TimeZone

TimeOfDay = Annotated[time, PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str)]


class QuietHours(BaseModel):
    """From a time of day to another one, every day; over midnight where it ends before it begins."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    begin: TimeOfDay = Field(alias="from", description="Local time, such as 22:00.")
    end: TimeOfDay = Field(alias="to", description="Local time, such as 07:00.")
    timezone: TimeZone = Field(description="IANA time zone, such as Europe/Berlin.")
    errors_pass: bool = Field(default=True, description="Errors are sent at once all the same.")

    @field_validator("begin", "end")
    @classmethod
    def _of_the_clock(cls, value: time) -> time:
        if value.tzinfo is not None or value.second or value.microsecond:
            raise PydanticCustomError("time_of_day", "hours and minutes without a time zone are needed")
        return value

    @model_validator(mode="after")
    def _some_hours(self) -> QuietHours:
        if self.begin == self.end:
            raise PydanticCustomError("quiet_hours_empty", "from and to are the same")
        return self

    def until(self, now: datetime) -> datetime | None:
        """Return, in UTC, when the quiet hours end that ``now`` falls into; None outside of them.

        Both ends are moments, not readings of a clock: an hour that comes twice is quiet once.
        """
        zone = ZoneInfo(self.timezone)
        today = now.astimezone(zone).date()
        over_midnight = timedelta(days=1 if self.end <= self.begin else 0)
        for day in (today - timedelta(days=1), today):
            begin = datetime.combine(day, self.begin, zone).astimezone(UTC)
            end = datetime.combine(day + over_midnight, self.end, zone).astimezone(UTC)
            if begin <= now < end:
                return end
        return None
