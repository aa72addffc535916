"""Calling LivePerson on a consumer's behalf: with the app's token and the consumer's, each renewed when it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels_app.selectors.configs import LivePersonConfig
from connector_platform.core.errors import Unreachable
from connector_platform.liveperson.errors import TokenKind, TokensRejected
from connector_platform.liveperson.tokens import Tokens, fetch_consumer_jws
from webhooks_app.delivery import people
from webhooks_app.delivery.people import Person
from webhooks_app.delivery.steps import Progress, Runner
from webhooks_app.tokens import LivePersonAccess


@dataclass(frozen=True)
class OnBehalf:
    """Calls of one app, made by one event's runner."""

    app: LivePersonConfig
    access: LivePersonAccess
    runner: Runner

    def run(self, person: Person, build: Any, progress: Progress | None = None) -> Any:
        """Run what ``build(domains, tokens)`` yields. A token that is refused is fetched anew, each kind once. With ``progress`` it is the event's effect."""
        renewed: set[TokenKind] = set()
        while True:
            jwt = self.access.app_jwt(self.app, self.runner)
            try:
                tokens = self._tokens(person, jwt)
                return self.runner.run(build(self.access.domains(self.app, self.runner), tokens), progress)
            except TokensRejected as error:
                if error.refresh <= renewed:
                    raise
                renewed |= error.refresh
                if TokenKind.APP_JWT in error.refresh:
                    self.access.drop_app_jwt(self.app, jwt)
                if TokenKind.CONSUMER_JWS in error.refresh:
                    people.forget_jws(person)
                    person = people.person_by_id(person.id)
            except Unreachable:
                self.access.forget_domains(self.app)
                raise

    def _is_known(self, person: Person) -> bool:
        return bool(person.jws) and person.liveperson_app_id == self.app.id

    def _tokens(self, person: Person, jwt: str) -> Tokens:
        if not self._is_known(person):
            person = people.person_by_id(person.id)  # told by an earlier call of this delivery, perhaps
        if self._is_known(person):
            return Tokens(app_jwt=jwt, consumer_jws=person.jws)
        domains = self.access.domains(self.app, self.runner)
        jws = self.runner.run(fetch_consumer_jws(self.app.config, domains, jwt, person.ext_consumer_id))
        people.remember_jws(person, self.app, jws)
        return Tokens(app_jwt=jwt, consumer_jws=jws.token)
