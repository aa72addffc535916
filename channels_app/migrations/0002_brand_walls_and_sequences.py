"""What Django's models cannot say: rows of different brands cannot be joined, and a dialog's known sequence numbers are a multirange."""

from django.db import migrations

# (table, columns, referenced table): both tables carry brand_id, and the pair has to match.
WALLS = (
    ("channel", "liveperson_app_id", "livepersonapp"),
    ("consumer", "channel_id", "channel"),
    ("consumer", "liveperson_app_id", "livepersonapp"),
    ("conversation", "channel_id", "channel"),
    ("conversation", "consumer_id", "consumer"),
    ("conversation", "liveperson_app_id", "livepersonapp"),
)


def wall(table: str, column: str, target: str) -> migrations.RunSQL:
    name = f"wall_{table}_{column}"
    return migrations.RunSQL(
        f"ALTER TABLE channels_app_{table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, brand_id) REFERENCES channels_app_{target} (id, brand_id)",
        f"ALTER TABLE channels_app_{table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0001_initial")]

    operations = [
        *(wall(*row) for row in WALLS),
        migrations.RunSQL(
            """ALTER TABLE channels_app_dialog ADD COLUMN seen int8multirange NOT NULL DEFAULT '{}',
               ADD COLUMN floor bigint NOT NULL DEFAULT 0""",
            "ALTER TABLE channels_app_dialog DROP COLUMN seen, DROP COLUMN floor",
        ),
    ]
