"""Users, their sessions and tokens, and who may do what."""
