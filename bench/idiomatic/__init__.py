"""The usual way, to compare with: a DRF view with a ModelSerializer, an ORM row and one Celery task for each message.

Given everything that makes it fast without changing what it is: a connection pool, no debugging, the same server and worker options.
"""
