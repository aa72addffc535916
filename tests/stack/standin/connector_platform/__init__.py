"""A stand-in for the platform, for tests of what starts and stops it."""
