"""Writes what each template becomes: ``python -m tests.core.rich.write_expected``. Read every change before you commit it."""

from __future__ import annotations

import json

from tests.core.rich.matrix import PROVIDERS, expected_path, outcome, templates


def main() -> None:
    for template in templates():
        for slug in PROVIDERS:
            data = json.dumps(outcome(template, slug), ensure_ascii=False, indent=2)
            expected_path(template, slug).write_text(data + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
