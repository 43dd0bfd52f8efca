"""Media on NFS exports: through a mount of this machine, or without one."""

__version__ = "1.0.0"
