"""Media on Windows and Samba shares, read and written without mounting them."""

__version__ = "1.0.0"
