import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Makes sure that an operator with this name can log in to the admin; the password is set anew each time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--password", default=os.environ.get("OPERATOR_PASSWORD"), help="Also read from OPERATOR_PASSWORD.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["password"]:
            self.stderr.write("Give --password, or set OPERATOR_PASSWORD.")
            raise SystemExit(2)
        users = get_user_model().objects
        user, created = users.get_or_create(username=options["username"], defaults={"is_staff": True, "is_superuser": True})
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(options["password"])
        user.save()
        self.stdout.write(f"Operator {user.get_username()} {'created' if created else 'updated'}.")
