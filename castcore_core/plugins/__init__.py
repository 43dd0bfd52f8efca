"""The plugin host: discovery, trial, loading, registry, guard. See `castcore_core.plugins.host`."""
