"""Campaigns for messaging: what the Monitoring API offers to a consumer, and under which ids.

Source: https://developers.liveperson.com/monitoring-api-overview.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NUMBERS = ("campaignId", "engagementId", "engagementRevision", "connectorId")


@dataclass(frozen=True)
class Campaign:
    """One campaign with its one engagement."""

    campaign_id: int
    engagement_id: int
    engagement_revision: int = 1
    connector_id: int = 1
    entry_points: list[str] = field(default_factory=list)  # one of them must be named in the request; empty takes any
    available: bool = True  # false: off hours, or the consumer is not eligible

    def fits(self, entry_points: list[str]) -> bool:
        return self.available and (not self.entry_points or any(point in self.entry_points for point in entry_points))

    def to_json(self) -> dict[str, Any]:
        return {
            "campaignId": self.campaign_id,
            "engagementId": self.engagement_id,
            "engagementRevision": self.engagement_revision,
            "connectorId": self.connector_id,
            "entryPoints": self.entry_points,
            "available": self.available,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Campaign:
        """
        Raises:
            ValueError: a field is unknown, missing or of the wrong form.
        """
        known = {*_NUMBERS, "entryPoints", "available"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"unknown fields {unknown} of a campaign; known are {sorted(known)}")
        numbers = {name: data.get(name, 1) if name in _NUMBERS[2:] else data.get(name) for name in _NUMBERS}
        for name, value in numbers.items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"{name} of a campaign must be a whole number")
        points, available = data.get("entryPoints", []), data.get("available", True)
        if not isinstance(points, list) or not all(isinstance(point, str) for point in points):
            raise ValueError("entryPoints of a campaign must be an array of strings")
        if not isinstance(available, bool):
            raise ValueError("available of a campaign must be true or false")
        return cls(
            data["campaignId"], data["engagementId"], data.get("engagementRevision", 1), data.get("connectorId", 1), points, available
        )
