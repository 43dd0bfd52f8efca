"""Storage sources: places that hold media, each behind a worker process of its own."""
