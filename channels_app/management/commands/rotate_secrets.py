from typing import Any

from django.core.management.base import BaseCommand

from channels_app.models.base import secret_box
from connector_platform.database import hot_pool

SEALED = (
    ("channels_app_livepersonapp", "client_secret"),
    ("channels_app_livepersonapp", "previous_client_secret"),
    ("channels_app_providerapp", "config"),
    ("channels_app_channel", "config"),
    ("channels_app_consumer", "liveperson_jws"),
    ("webhooks_app_token", "value"),
)


class Command(BaseCommand):
    help = "Seals every secret anew with the first key of ENCRYPTION_KEYS; afterwards the others may be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        box = secret_box()
        for table, column in SEALED:
            count = 0
            with hot_pool().connection() as connection:
                rows = connection.execute(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608
                for row_id, sealed in rows:
                    # Only if unchanged meanwhile: a newer value is sealed with the first key already.
                    count += connection.execute(
                        f"UPDATE {table} SET {column} = %s WHERE id = %s AND {column} = %s",  # noqa: S608
                        [box.rotate(sealed), row_id, bytes(sealed)],
                    ).rowcount
            self.stdout.write(f"{table}.{column}: {count} sealed anew")
