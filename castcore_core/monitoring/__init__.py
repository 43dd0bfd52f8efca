"""How the server and its machine are: health, figures, Prometheus."""
