"""Stream jobs: what goes in, what comes out, and the plan between them."""
