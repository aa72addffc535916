"""The journal: every event, the lane that orders it, every try to deliver it, and what came of it."""

from webhooks_app.models.attempt import Attempt
from webhooks_app.models.event import Direction, Event, EventState
from webhooks_app.models.heartbeat import Heartbeat
from webhooks_app.models.hosted_file import HostedFile
from webhooks_app.models.lane import Lane, LaneState
from webhooks_app.models.message import ConsumerMessage, DeliveredMessage
from webhooks_app.models.pace import Pace
from webhooks_app.models.survey import Survey, SurveyStep
from webhooks_app.models.token import Token
from webhooks_app.models.typing import Typing
from webhooks_app.models.unreadable import UnreadableBody

__all__ = [
    "Attempt",
    "ConsumerMessage",
    "DeliveredMessage",
    "Direction",
    "Event",
    "EventState",
    "Heartbeat",
    "HostedFile",
    "Lane",
    "LaneState",
    "Pace",
    "Survey",
    "SurveyStep",
    "Token",
    "Typing",
    "UnreadableBody",
]
