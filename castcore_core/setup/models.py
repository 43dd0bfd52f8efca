"""How far the first-run wizard has come."""

from __future__ import annotations

from tortoise import fields

from castcore_core.db.record import Record


class WizardState(Record):
    """The one row of the wizard, made together with its admin."""

    name = fields.CharField(max_length=16, unique=True, description="wizard")
    admin_id = fields.UUIDField(description="who was made in it and finishes it")
    steps: fields.Field[list[str]] = fields.JSONField(description="done so far")
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "wizard_state"
