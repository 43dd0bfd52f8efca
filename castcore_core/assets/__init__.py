"""Pictures and short films that users upload: what slates show."""
