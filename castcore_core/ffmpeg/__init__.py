"""Find ffmpeg, learn what it can do, build its arguments and read its answers."""
