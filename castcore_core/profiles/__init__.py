"""FFmpeg profiles: the ways to encode that users keep."""
