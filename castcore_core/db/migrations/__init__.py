"""The schema's history, in order; made by ``tools/migration.py`` and never edited after a release."""
