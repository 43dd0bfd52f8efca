"""Where the stream comes from: an ffmpeg, or RTMP pulled or pushed."""
