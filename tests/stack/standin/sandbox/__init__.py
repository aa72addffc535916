"""A stand-in for the sandbox."""
