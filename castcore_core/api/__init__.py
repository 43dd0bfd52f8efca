"""The HTTP API: the application, its rules for every route, and what routes are built from."""
