"""Agents and bots: people and programs that log in at LivePerson and take conversations.

An agent has two ids: the UUID that connectors and newer interfaces see, and ``{account}.{user id}``, which the agents' websocket (UMS
version 2) uses beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AVAILABILITIES = ("ONLINE", "OCCUPIED", "AWAY", "BACK_SOON", "OFFLINE")
OFFLINE = "OFFLINE"
ONLINE = "ONLINE"
OCCUPIED = "OCCUPIED"  # takes what is transferred to this agent, nothing new
KINDS = ("human", "bot")
DEFAULT_USERNAME = "agent"  # who acts in the workspace and for the control API


def agent_of(account_id: str) -> str:
    """The UUID of the account's own agent, always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{account_id}:AGENT"))


def bot_of(account_id: str, name: str) -> str:
    """The UUID of one of LivePerson's own bots (``survey``, ``controller``) at the account."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{account_id}:bot:{name}"))


def number_of(participant_id: str) -> str:
    """A user id for an agent whose UUID is all that is known: ten digits, always the same."""
    return str(10**9 + int(hashlib.sha256(participant_id.encode()).hexdigest()[:12], 16) % (9 * 10**9))


@dataclass
class User:
    """One agent or bot of an account."""

    account_id: str
    username: str
    pid: str  # the UUID
    user_id: str
    password: str | None = None  # without one nobody can log in
    skills: list[str] = field(default_factory=list)  # conversations of which it is offered; without any, of all
    kind: str = "human"
    is_admin: bool = False
    auto_accept: bool = False  # takes what rings without being asked
    availability: str = OFFLINE

    @property
    def old_id(self) -> str:
        return f"{self.account_id}.{self.user_id}"

    def has_password(self, password: str) -> bool:
        return self.password is not None and hmac.compare_digest(self.password.encode(), password.encode())

    def serves(self, skill_id: str) -> bool:
        """Whether conversations of the skill are offered; ``-1`` stands for no skill in particular."""
        return skill_id == "-1" or not self.skills or skill_id in self.skills

    def to_json(self) -> dict[str, Any]:
        """The user as the control API shows it, without the password."""
        return {
            "accountId": self.account_id,
            "username": self.username,
            "userId": self.user_id,
            "pid": self.pid,
            "oldId": self.old_id,
            "skills": self.skills,
            "kind": self.kind,
            "admin": self.is_admin,
            "autoAccept": self.auto_accept,
            "availability": self.availability,
        }

    @classmethod
    def from_json(cls, account_id: str, username: str, data: Mapping[str, Any]) -> User:
        """The user that a control request describes.

        Raises:
            ValueError: a field is unknown, missing or of the wrong form.
        """
        known = {"password", "userId", "pid", "skills", "kind", "admin", "autoAccept"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"unknown fields {unknown}; known are {sorted(known)}")
        password = data.get("password")
        if not isinstance(password, str) or not password:
            raise ValueError("password must be a non-empty string")
        default = default_user(account_id, username)
        pid, user_id = data.get("pid", default.pid), data.get("userId", default.user_id)
        if not isinstance(pid, str) or not re.fullmatch(r"[0-9A-Za-z-]{1,64}", pid):
            raise ValueError("pid must be a UUID")
        if not isinstance(user_id, (str, int)) or not re.fullmatch(r"[0-9]{1,20}", str(user_id)):
            raise ValueError("userId must be a number, or a string of digits")
        skills, kind, is_admin = data.get("skills", []), data.get("kind", KINDS[0]), data.get("admin", False)
        if not isinstance(skills, list) or not all(isinstance(skill, str) and skill for skill in skills):
            raise ValueError("skills must be an array of skill ids, each a string")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        auto_accept = data.get("autoAccept", False)
        for name, switch in (("admin", is_admin), ("autoAccept", auto_accept)):
            if not isinstance(switch, bool):
                raise ValueError(f"{name} must be true or false")
        return cls(account_id, username, pid, str(user_id), password, list(skills), kind, is_admin, auto_accept)


def default_user(account_id: str, username: str = DEFAULT_USERNAME) -> User:
    """A user of this name with ids derived from it and no password."""
    is_default = username == DEFAULT_USERNAME
    pid = agent_of(account_id) if is_default else str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{account_id}:user:{username}"))
    return User(account_id, username, pid, number_of(pid))


class Users:
    """The users of one account; its own agent is always among them."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        own = default_user(account_id)
        self._users: dict[str, User] = {own.username: own}

    def list(self) -> list[User]:
        return list(self._users.values())

    def registered(self) -> bool:
        """Whether anyone can log in."""
        return any(user.password is not None for user in self._users.values())

    def get(self, username: str) -> User | None:
        return self._users.get(username)

    def put(self, user: User) -> None:
        """Register ``user``, or replace the one of that name.

        Raises:
            ValueError: another user has its pid or its user id.
        """
        for other in self._users.values():
            if other.username != user.username and (other.pid == user.pid or other.user_id == user.user_id):
                raise ValueError(f"the agent {other.username!r} has this pid or userId")
        self._users[user.username] = user

    def remove(self, username: str) -> User | None:
        """The user that was there; the account's own agent only loses its password."""
        user = self._users.pop(username, None)
        if username == DEFAULT_USERNAME:
            self._users[username] = default_user(self.account_id)
        return user

    def find(self, any_id: str) -> User | None:
        """The user with this UUID, old id or bare user id."""
        return next((user for user in self._users.values() if any_id in (user.pid, user.old_id, user.user_id)), None)

    def old_id(self, participant_id: str) -> str:
        """The old id of an agent of which the UUID is known, be it registered or not."""
        user = self.find(participant_id)
        return user.old_id if user else f"{self.account_id}.{number_of(participant_id)}"
