from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager


class HostedFile(models.Model):
    """An agent's file, kept here for a while because LivePerson's address of it lives one minute and wants credentials.

    Written by the worker that delivers it, served at a signed address, deleted by the sweeper after ``FILE_DAYS``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey("channels_app.Brand", on_delete=models.CASCADE, related_name="+")
    event = models.OneToOneField("webhooks_app.Event", on_delete=models.CASCADE, related_name="hosted_file")
    name = models.CharField(max_length=120)
    mime_type = models.CharField(max_length=100)
    data = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ScopedManager(brand="brand")

    def __str__(self) -> str:
        return self.name
