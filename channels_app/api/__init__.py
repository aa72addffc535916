"""The provisioning API, ``/api/v1/``."""
