from django.db import models

from channels_app.models.base import Row


class Brand(Row):
    """A tenant. Written by operators or the API; everything else belongs to one; deleting it is refused while anything does."""

    name = models.CharField(max_length=120, help_text="What operators and agents call this brand.")
    slug = models.SlugField(max_length=60, unique=True, help_text="Short name for URLs and logs; lower-case letters, digits and hyphens.")
    is_active = models.BooleanField(default=True, help_text="An inactive brand's callbacks are kept but nothing is delivered.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
