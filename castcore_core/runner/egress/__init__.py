"""The ways out: RTMP in process, everything else through a child that copies."""
