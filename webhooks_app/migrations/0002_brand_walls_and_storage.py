"""Rows of different brands cannot be joined; the lane and event tables are updated all the time, so they get room and frequent vacuums."""

from django.db import migrations

WALLS = (
    ("lane", "channel_id", "channel"),
    ("event", "channel_id", "channel"),
    ("event", "conversation_id", "conversation"),
    ("consumermessage", "conversation_id", "conversation"),
    ("deliveredmessage", "conversation_id", "conversation"),
)


def wall(table: str, column: str, target: str) -> migrations.RunSQL:
    name = f"wall_{table}_{column}"
    return migrations.RunSQL(
        f"ALTER TABLE webhooks_app_{table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, brand_id) REFERENCES channels_app_{target} (id, brand_id)",
        f"ALTER TABLE webhooks_app_{table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("webhooks_app", "0001_initial"), ("channels_app", "0002_brand_walls_and_sequences")]

    operations = [
        *(wall(*row) for row in WALLS),
        migrations.RunSQL(
            """ALTER TABLE webhooks_app_lane SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
               ALTER TABLE webhooks_app_event SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05)""",
            """ALTER TABLE webhooks_app_lane RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
               ALTER TABLE webhooks_app_event RESET (fillfactor, autovacuum_vacuum_scale_factor)""",
        ),
    ]
