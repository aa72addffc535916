"""What starts, watches and stops the platform on one machine: for `make run` and for the end-to-end tests.

A real PostgreSQL and a real Redis run as child processes (`postgres`, `redis`), beside them the platform's own parts (`parts`):
web server, Celery workers, sweeper and sandbox. `python -m stack run` puts them together. Nothing here imports Django.
"""
