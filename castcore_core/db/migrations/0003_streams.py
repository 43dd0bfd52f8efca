from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0002_accounts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FFmpegProfile',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('name', fields.CharField(unique=True, max_length=100)),
                ('settings', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('expert_args', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('revision', fields.IntField(default=1, description='raised when what is encoded changes')),
            ],
            options={'table': 'ffmpeg_profile', 'app': 'core', 'pk_attr': 'id', 'table_description': 'One way to encode, with the settings of castcore_core.ffmpeg.profile.Profile without the name.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='StreamDestination',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('name', fields.CharField(unique=True, max_length=100)),
                ('type', fields.CharField(description='id of the destination extension', max_length=48)),
                ('enabled', fields.BooleanField(default=True)),
                ('config', fields.JSONField(description='what is no secret', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('secrets', fields.TextField(null=True, description='locked JSON: path in the configuration → value', unique=False)),
                ('config_version', fields.IntField(default=1)),
                ('revision', fields.IntField(default=1, description='raised when type or configuration changes')),
            ],
            options={'table': 'stream_destination', 'app': 'core', 'indexes': [Index(fields=['type'])], 'pk_attr': 'id', 'table_description': 'One place that takes streams.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='StreamJob',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('name', fields.CharField(unique=True, max_length=100)),
                ('source', fields.JSONField(description='what is no secret', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('source_kind', fields.CharField(max_length=16)),
                ('source_secret', fields.TextField(null=True, description='locked: the whole address, or the key of an ingest', unique=False)),
                ('profile', fields.ForeignKeyField('core.FFmpegProfile', source_field='profile_id', null=True, db_constraint=True, to_field='id', related_name='jobs', on_delete=OnDelete.RESTRICT)),
                ('fallback', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('restart', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('recording', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('autostart', fields.BooleanField(default=False)),
                ('tags', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('tag_index', fields.TextField(default='', description='|tag|tag|, to filter by', unique=False)),
                ('revision', fields.IntField(default=1, description='raised when what is on air would be another thing')),
                ('desired', fields.CharField(default='stopped', max_length=16)),
                ('desired_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('generation', fields.IntField(default=0, description='raised by a start from stopped: broadcasts of their own')),
                ('restarts', fields.IntField(default=0, description='raised by every restart that is asked for')),
            ],
            options={'table': 'stream_job', 'app': 'core', 'indexes': [Index(fields=['desired']), Index(fields=['source_kind'])], 'pk_attr': 'id', 'table_description': 'One job. Commands change the desired state alone and leave updated_at as it is.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='JobOutput',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('job', fields.ForeignKeyField('core.StreamJob', source_field='job_id', db_constraint=True, to_field='id', related_name='outputs', on_delete=OnDelete.CASCADE)),
                ('destination', fields.ForeignKeyField('core.StreamDestination', source_field='destination_id', db_constraint=True, to_field='id', related_name='outputs', on_delete=OnDelete.RESTRICT)),
                ('profile', fields.ForeignKeyField('core.FFmpegProfile', source_field='profile_id', null=True, db_constraint=True, to_field='id', related_name='outputs', on_delete=OnDelete.RESTRICT)),
                ('enabled', fields.BooleanField(default=True)),
                ('position', fields.IntField(default=0)),
                ('revision', fields.IntField(default=1)),
                ('broadcast', fields.TextField(null=True, description="the destination's own name of the broadcast that is open", unique=False)),
            ],
            options={'table': 'stream_job_output', 'app': 'core', 'unique_together': (('job', 'destination'),), 'indexes': [Index(fields=['job', 'position'])], 'pk_attr': 'id', 'table_description': 'One destination of a job.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='PreflightReport',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('job', fields.ForeignKeyField('core.StreamJob', source_field='job_id', db_constraint=True, to_field='id', related_name='preflights', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharField(description='running, done or failed', max_length=16)),
                ('server', fields.CharField(description="the server's life that runs it", max_length=36)),
                ('level', fields.CharField(null=True, max_length=8)),
                ('can_start', fields.BooleanField(null=True)),
                ('checks', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('revisions', fields.JSONField(description='what was looked at', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'preflight_report', 'app': 'core', 'indexes': [Index(fields=['job', 'created_at'])], 'pk_attr': 'id', 'table_description': 'One finished preflight.'},
            bases=['Record'],
        ),
    ]
