"""The process that holds one storage backend: nothing of the server runs in it, and no other plugin."""
