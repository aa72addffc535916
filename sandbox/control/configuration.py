"""What an account has configured at LivePerson beside its connectors: agents and bots, surveys, automatic messages, campaigns, file types."""

from __future__ import annotations

from aiohttp import web

from sandbox.control.errors import NotFound, body_of, field, optional
from sandbox.liveperson import LivePersonState
from sandbox.liveperson.accounts import Account
from sandbox.liveperson.agent_socket import UNAUTHORISED
from sandbox.liveperson.automatic import AutomaticMessages
from sandbox.liveperson.campaigns import Campaign
from sandbox.liveperson.files import file_types
from sandbox.liveperson.sessions import Sessions
from sandbox.liveperson.subscriptions import Hub
from sandbox.liveperson.surveys import Survey
from sandbox.liveperson.users import User


class ConfigurationRoutes:
    """Putting anything at an account makes the account."""

    def __init__(self, state: LivePersonState, hub: Hub, sessions: Sessions) -> None:
        self.state = state
        self.hub = hub
        self.sessions = sessions

    async def agents(self, request: web.Request) -> web.Response:
        """``{"agents": [...]}``, the account's own agent among them."""
        users = self._account(request).users.list()
        return web.json_response({"agents": [{**user.to_json(), "connected": self.hub.is_connected(user)} for user in users]})

    async def put_agent(self, request: web.Request) -> web.Response:
        """Register or replace an agent or bot; one that is connected is disconnected and must log in anew."""
        names = request.match_info
        user = User.from_json(names["account_id"], names["username"], await body_of(request))
        account = self.state.accounts.made(user.account_id)
        before = account.users.get(user.username)
        account.users.put(user)
        if before is not None:
            self.sessions.revoke(before)
            self.hub.disconnect(before, UNAUTHORISED)
        return web.json_response(user.to_json())

    async def delete_agent(self, request: web.Request) -> web.Response:
        account, user = self._account(request), self._user(request)
        account.users.remove(user.username)
        self.sessions.revoke(user)
        self.hub.disconnect(user, UNAUTHORISED)
        self.state.accounts.tidy(account)
        return web.json_response({"removed": user.username})

    async def disconnect_agent(self, request: web.Request) -> web.Response:
        """Close the agent's websockets with ``code`` (4401 unless given); ``revoke`` also ends its logins."""
        user, body = self._user(request), await body_of(request)
        code = optional(body, "code", int) or UNAUTHORISED
        if code not in (1001, 1011) and not 3000 <= code <= 4999:
            raise ValueError("code must be 1001, 1011 or from 3000 to 4999")
        if optional(body, "revoke", bool):
            self.sessions.revoke(user)
        return web.json_response({"disconnected": self.hub.disconnect(user, code)})

    async def surveys(self, request: web.Request) -> web.Response:
        """``{"surveys": {skill id: survey}}``."""
        return web.json_response({"surveys": {skill: survey.to_json() for skill, survey in self._account(request).surveys.items()}})

    async def put_survey(self, request: web.Request) -> web.Response:
        """What is asked when a conversation of the skill ends."""
        names = request.match_info
        survey = Survey.from_json(names["account_id"], names["skill_id"], await body_of(request))
        self.state.accounts.made(names["account_id"]).surveys[names["skill_id"]] = survey
        return web.json_response(survey.to_json())

    async def delete_survey(self, request: web.Request) -> web.Response:
        account, skill_id = self._account(request), request.match_info["skill_id"]
        if account.surveys.pop(skill_id, None) is None:
            raise NotFound(f"the skill {skill_id!r} has no survey")
        self.state.accounts.tidy(account)
        return web.json_response({"removed": skill_id})

    async def automatic_messages(self, request: web.Request) -> web.Response:
        """The texts, and whether the account has the feature at all."""
        messages = self._account(request).automatic_messages
        return web.json_response({"enabled": messages is not None, **(messages or AutomaticMessages()).to_json()})

    async def put_automatic_messages(self, request: web.Request) -> web.Response:
        """Switch automatic messages on with these texts; a body without any text switches them off."""
        messages = AutomaticMessages.from_json(await body_of(request))
        account = self.state.accounts.made(request.match_info["account_id"])
        account.automatic_messages = messages if messages.texts or messages.by_skill else None
        return await self.automatic_messages(request)

    async def campaigns(self, request: web.Request) -> web.Response:
        return web.json_response({"campaigns": [campaign.to_json() for campaign in self._account(request).campaigns]})

    async def put_campaigns(self, request: web.Request) -> web.Response:
        """Replace all campaigns; the first that fits a consumer is offered."""
        given = field(await body_of(request), "campaigns", list)
        if not all(isinstance(item, dict) for item in given):
            raise ValueError("campaigns must be an array of objects")
        campaigns = [Campaign.from_json(item) for item in given]
        self.state.accounts.made(request.match_info["account_id"]).campaigns = campaigns
        return await self.campaigns(request)

    async def file_types(self, request: web.Request) -> web.Response:
        """``{"fileTypes"}`` beside pictures, and ``{"allowed"}``: all that the account's consumers may upload."""
        account = self._account(request)
        return web.json_response({"fileTypes": account.file_types, "allowed": list(account.upload_types())})

    async def put_file_types(self, request: web.Request) -> web.Response:
        """Replace the types that consumers may upload beside pictures; an empty array leaves pictures only."""
        given = file_types(field(await body_of(request), "fileTypes", list))
        self.state.accounts.made(request.match_info["account_id"]).file_types = given
        return await self.file_types(request)

    def _account(self, request: web.Request) -> Account:
        account = self.state.accounts.get(request.match_info["account_id"])
        if account is None:
            raise NotFound(f"there is no account {request.match_info['account_id']!r}")
        return account

    def _user(self, request: web.Request) -> User:
        username = request.match_info["username"]
        user = self._account(request).users.get(username)
        if user is None:
            raise NotFound(f"there is no agent {username!r}")
        return user
