"""Look at a job before it goes on air: checks that touch nothing, and an encode that publishes nothing."""
