"""A channel's options in the admin's form and over the API: what is shown, changed, removed, refused, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from channels_app.models import Channel
from channels_app.options import ChannelOptions, Texts
from connector_platform.liveperson.sdes import ATTRIBUTES, DEFAULT_ATTRIBUTES, FACTS
from tests.channels_app import rows
from tests.channels_app.tenants import Caller, Tenants
from tests.channels_app.test_admin import ADD_SMS, errors, inputs, sms_form
from tests.channels_app.test_api_channels import errors_of, sms_body


@pytest.fixture(autouse=True)
def every_brand() -> Iterator[None]:
    with scopes_disabled():
        yield


class Form:
    """A channel's page: what it shows, and what becomes of a change."""

    def __init__(self, client: Client, row: Channel) -> None:
        self._client = client
        self._path = f"/admin/channels_app/channel/{row.pk}/change/"
        self.row = row

    def page(self) -> Any:
        return self._client.get(self._path)

    def value(self, name: str) -> Any:
        form = self.page().context["adminform"].form
        return form.fields[name].prepare_value(form.get_initial_for_field(form.fields[name], name))

    def save(self, **changes: str) -> dict[str, Any]:
        """The stored options afterwards."""
        answer = self._client.post(self._path, {**inputs(self.page()), **changes})
        assert answer.status_code == 302, errors(answer)
        self.row.refresh_from_db()
        return self.row.options

    def refusal(self, **changes: str) -> dict[str, list[str]]:
        """The errors at their fields; nothing is stored."""
        before = self.row.options
        found = errors(self._client.post(self._path, {**inputs(self.page()), **changes}))
        self.row.refresh_from_db()
        assert self.row.options == before
        return found


@pytest.fixture
def form(tenants: Tenants, admin_client: Client) -> Form:
    return Form(admin_client, rows.sms_channel(rows.liveperson_app(tenants.acme)))


def test_the_form_has_every_option_below_the_configuration_and_the_deep_ones_folded(form: Form) -> None:
    page = form.page()
    sections = {title: options for title, options in page.context["adminform"].fieldsets if title}
    titles = list(sections)

    assert titles.index("Configuration") < titles.index("Options")
    below = titles[titles.index("Options") + 1 :]
    assert below == ["Survey after the close", "Campaign", "What consumers are told", "Translations", "Consumer info for agents"]
    assert [sections[title]["classes"] for title in below] == [["collapse"]] * 5
    assert sections["Options"]["classes"] == []
    text = page.content.decode()
    for name, field in {**ChannelOptions.model_fields, **Texts.model_fields}.items():
        assert field.title and field.title in text, name


def test_a_form_that_was_not_touched_stores_no_option(form: Form) -> None:
    assert form.save(name="Renamed") == {}


def test_what_was_changed_is_stored_and_shown_again(form: Form) -> None:
    stored = form.save(
        options__skill_id="12",
        options__close_keywords="bye\r\n\r\n  #end \r\n",
        options__survey__enabled="on",
        options__engagement__entry_points="sec://Sport\ntel://972737004000",
        options__texts__closed_by_agent="Goodbye.\r\nYour ticket is closed.",
        options__translations='{"pt_BR": {"closed_by_agent": "Tchau"}}',
    )

    assert stored == {
        "skill_id": "12",
        "close_keywords": ["bye", "#end"],
        "survey": {"enabled": True},
        "engagement": {"entry_points": ["sec://Sport", "tel://972737004000"]},
        "texts": {"closed_by_agent": "Goodbye.\nYour ticket is closed."},
        "translations": {"pt-BR": {"closed_by_agent": "Tchau"}},
    }
    assert form.value("options__close_keywords") == "bye\n#end"
    assert form.value("options__translations") == '{\n  "pt-BR": {\n    "closed_by_agent": "Tchau"\n  }\n}'
    assert form.save() == stored


def test_a_channel_is_made_with_options(tenants: Tenants, admin_client: Client) -> None:
    left = {name: template for name, template in DEFAULT_ATTRIBUTES.items() if name != "personal.contacts.phone"}
    typed = "{" + ", ".join(f'"{name}": "{template}"' for name, template in left.items()) + "}"

    answer = admin_client.post(ADD_SMS, sms_form(tenants, admin_client, options__language="en-US", options__attributes=typed))

    assert answer.status_code == 302, errors(answer)
    assert Channel.objects.get().options == {"language": "en-US", "attributes": left}


def test_what_is_deleted_from_a_mapping_is_gone(form: Form) -> None:
    form.save(
        options__attributes='{"ctmrinfo.role": "vip", "ctmrinfo.socialId": "{id}"}',
        options__translations='{"de": {"agent_joined": "Hallo", "agent_left": "Bis gleich"}, "fr": {"agent_joined": "Bonjour"}}',
    )

    stored = form.save(options__attributes='{"ctmrinfo.role": "vip"}', options__translations='{"de": {"agent_joined": "Hallo"}}')

    assert stored["attributes"] == {"ctmrinfo.role": "vip"}
    assert stored["translations"] == {"de": {"agent_joined": "Hallo"}}
    assert form.save(options__attributes="{}")["attributes"] == {}
    assert "attributes" not in form.save(options__attributes="")  # emptied, it is the default again


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("options__skill_id", "sales", "A skill's id is a whole number, or -1 for all skills."),
        ("options__close_keywords", "bye\n" + "x" * 51, "Entry 2: This should have at most 50 characters."),
        ("options__survey__expires_minutes", "0", "This should be greater than or equal to 1."),
        ("options__texts__survey_yes", "y" * 21, "This should have at most 20 characters."),
        ("options__translations", '{"": {}}', "“” is no language; write en, de, pt-BR ..."),
        ("options__translations", '{"de": {"greeting": "Hallo"}}', "de.greeting: There is no field with this name."),
        ("options__translations", "{de: Hallo}", "This is no JSON; see the example, and mind quotes and commas."),
        ("options__translations", "[]", "A JSON object is needed here."),
        (
            "options__attributes",
            '{"ctmrinfo.role": "{shoe}"}',
            f"“ctmrinfo.role”: nothing is known as “{{shoe}}”; there are: {', '.join(FACTS)}.",
        ),
        ("options__attributes", '{"ctmrinfo.role": 7}', "ctmrinfo.role: A text is needed here."),
    ],
)
def test_what_cannot_work_is_refused_at_its_field(form: Form, field: str, typed: str, sentence: str) -> None:
    assert form.refusal(**{field: typed}) == {field: [sentence]}


def test_the_attributes_and_what_is_known_are_listed_above_their_field(form: Form) -> None:
    sections = {title: options for title, options in form.page().context["adminform"].fieldsets if title}
    text = sections["Consumer info for agents"]["description"]

    assert not [name for name in ATTRIBUTES if name not in text]
    assert not [fact for fact in FACTS if f"{{{fact}}}" not in text]
    assert not [name for name in Texts.model_fields if name not in sections["Translations"]["description"]]


def test_lists_of_words_of_a_platform_are_lines_too(form: Form) -> None:
    form.save(config__inbound__stop_keywords="STOP\nARRÊT")
    assert form.row.config["inbound"]["stop_keywords"] == ["STOP", "ARRÊT"]

    form.save(config__inbound__stop_keywords="")
    assert form.row.config["inbound"]["stop_keywords"] == []


def patch(caller: Caller, row: Channel, options: Any) -> Any:
    return caller("PATCH", f"channels/{row.id}/", {"options": options})


def test_options_are_answered_complete_and_stored_as_they_were_given(tenants: Tenants) -> None:
    body = sms_body(tenants)
    made = tenants.as_acme("POST", "channels/", {**body, "options": {"texts": {"agent_joined": "Hello"}}})
    plain = tenants.as_acme("POST", "channels/", {**body, "config": rows.sms_config("+15550101")})

    assert (made.status_code, plain.status_code) == (201, 201)
    assert made.data["options"]["texts"]["agent_joined"] == "Hello"
    assert made.data["options"]["survey"] == {"enabled": False, "expires_minutes": 60}
    assert plain.data["options"]["attributes"] == dict(DEFAULT_ATTRIBUTES)
    assert [Channel.objects.get(pk=answer.data["id"]).options for answer in (made, plain)] == [{"texts": {"agent_joined": "Hello"}}, {}]


def test_a_patch_of_options_changes_one_and_null_removes_one(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme), options={"skill_id": "12", "texts": {"agent_joined": "Hello"}})

    answer = patch(tenants.as_acme, row, {"skill_id": None, "texts": {"agent_left": "Back soon"}, "survey": {"expires_minutes": None}})

    row.refresh_from_db()
    assert answer.status_code == 200
    assert row.options == {"texts": {"agent_joined": "Hello", "agent_left": "Back soon"}, "survey": {}}
    assert answer.data["options"]["skill_id"] == ""


def test_a_patch_of_attributes_changes_what_was_shown(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))

    answer = patch(tenants.as_acme, row, {"attributes": {"ctmrinfo.role": "vip", "ctmrinfo.socialId": None}})

    expected = {**DEFAULT_ATTRIBUTES, "ctmrinfo.role": "vip"}
    del expected["ctmrinfo.socialId"]
    assert answer.data["options"]["attributes"] == expected


def test_a_put_replaces_options_and_leaves_them_where_there_are_none(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme), options={"skill_id": "12", "texts": {"agent_joined": "Hello"}})
    body = tenants.as_acme("GET", f"channels/{row.id}/").data

    without = tenants.as_acme("PUT", f"channels/{row.id}/", {name: value for name, value in body.items() if name != "options"})
    replaced = tenants.as_acme("PUT", f"channels/{row.id}/", {**body, "options": {"skill_id": "13"}})

    assert without.data["options"]["skill_id"] == "12"
    assert (replaced.data["options"]["skill_id"], replaced.data["options"]["texts"]["agent_joined"]) == ("13", "")


def test_options_read_and_put_back_say_the_same_in_every_language(tenants: Tenants) -> None:
    options = {"texts": {"closed_by_agent": "Goodbye"}, "translations": {"de": {"agent_joined": "Hallo"}}}
    row = rows.sms_channel(rows.liveperson_app(tenants.acme), options=options)
    body = tenants.as_acme("GET", f"channels/{row.id}/").data
    assert body["options"]["translations"] == {"de": {"agent_joined": "Hallo"}}

    answer = tenants.as_acme("PUT", f"channels/{row.id}/", body)

    row.refresh_from_db()
    assert answer.status_code == 200
    kept = ChannelOptions.model_validate(row.options)
    assert (kept.text("agent_joined", "de"), kept.text("closed_by_agent", "de")) == ("Hallo", "Goodbye")


@pytest.mark.parametrize(
    ("options", "pointer", "sentence"),
    [
        ("loud", "/options", "A JSON object is needed here."),
        ({"colour": "red"}, "/options/colour", "There is no field with this name."),
        ({"close_keywords": ["bye", ""]}, "/options/close_keywords/1", "This must not be empty."),
        ({"survey": {"expires_minutes": "soon"}}, "/options/survey/expires_minutes", "A whole number is needed here."),
        ({"translations": {"de": {"hi": "Hallo"}}}, "/options/translations/de/hi", "There is no field with this name."),
        ({"attributes": {"ctmrinfo.balance": "much"}}, "/options/attributes", "“ctmrinfo.balance”: “much” is no value that it takes."),
    ],
)
def test_refused_options_are_problems_at_their_places(tenants: Tenants, options: Any, pointer: str, sentence: str) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    body = {**tenants.as_acme("GET", f"channels/{row.id}/").data, "options": options}
    new = {**body, "config": rows.sms_config("+15550101")}

    for answer in (
        patch(tenants.as_acme, row, options),
        tenants.as_acme("PUT", f"channels/{row.id}/", body),
        tenants.as_acme("POST", "channels/", new),
    ):
        assert (answer.status_code, errors_of(answer)) == (400, {pointer: sentence})
    assert Channel.objects.values_list("options").get() == ({},)


def test_the_schema_announces_the_options(tenants: Tenants, client: Client) -> None:
    schemas = client.get("/api/v1/schema/?format=json").json()["components"]["schemas"]

    def options_of(name: str) -> list[dict[str, str]]:
        part = schemas[name]["properties"]["options"]
        return part.get("oneOf") or part["anyOf"]  # type: ignore[no-any-return]

    assert options_of("ChannelRequest") == [{"$ref": "#/components/schemas/ChannelOptionsRequest"}]
    assert options_of("PatchedChannelRequest") == [{"$ref": "#/components/schemas/ChannelOptionsPatch"}]
    assert options_of("Channel") == [{"$ref": "#/components/schemas/ChannelOptions"}]
    assert set(schemas["ChannelOptions"]["required"]) == set(ChannelOptions.model_fields)
    assert schemas["ChannelOptionsRequest"]["additionalProperties"] is False
