import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_app.models import ApiKey, Brand
from channels_app.models.api_key import hash_key, new_key


class Command(BaseCommand):
    help = "Makes sure that an API key exists; without --key (or API_KEY) a new one is made and printed, once."

    def add_arguments(self, parser: CommandParser) -> None:
        owner = parser.add_mutually_exclusive_group(required=True)
        owner.add_argument("--platform", action="store_true", help="For every brand.")
        owner.add_argument("--brand", help="For the brand with this slug.")
        parser.add_argument("--name", required=True)
        parser.add_argument("--key", default=os.environ.get("API_KEY"))

    def handle(self, *args: Any, **options: Any) -> None:
        brand = None
        if options["brand"]:
            brand = Brand.objects.filter(slug=options["brand"]).first()
            if brand is None:
                raise CommandError(f"There is no brand with the slug {options['brand']!r}.")
        key = options["key"] or new_key()
        if len(key) < 32:
            raise CommandError("An API key has at least 32 characters; leave --key away to have one made.")
        if ApiKey.objects.filter(key_hash=hash_key(key)).exists():
            self.stdout.write("The API key exists already.")
            return
        row = ApiKey(name=options["name"], brand=brand)
        row.set_key(key)
        row.save()
        self.stdout.write("The API key was stored." if options["key"] else key)
