"""``python -m tests.providers.contract.write_expected <slug>``: write what each fixture parses to beside it, for review by eye."""

from __future__ import annotations

import json
import sys

from tests.providers.contract.cases import expected_path, load_case, parsed_to_json


def main(slug: str) -> None:
    """Write one ``*.expected.json`` per fixture of ``slug``, replacing what was there."""
    case = load_case(slug)
    for fixture in case.fixtures():
        parsed = case.provider.parse(case.request_of(fixture), case.config_of(fixture))
        text = json.dumps(parsed_to_json(parsed), indent=2, ensure_ascii=False)
        expected_path(fixture).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
