"""From LivePerson's JSON to what a tap does.

Source: https://developers.liveperson.com/structured-content-introduction-to-structured-content.html#element-click-operations
(checked 2026-11).
"""

from __future__ import annotations

from typing import Any

from connector_platform.core.rich import model
from connector_platform.core.rich.model import Action, Click
from connector_platform.core.rich.reading import Reader, RichContentInvalid


def read_click(reader: Reader, data: dict[str, Any], path: str, depth: int) -> Click:
    """The ``click`` of an element; an empty one where there is none.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    if data.get("click") is None:
        return Click()
    path = f"{path}/click"
    click = reader.node(data["click"], path, depth)
    actions = tuple(_action(reader, item, at, depth) for item, at in reader.items(click, "actions", path))
    return Click(actions=actions, metadata=reader.metadata(click, path))


def _action(reader: Reader, data: Any, path: str, depth: int) -> Action:
    data = reader.node(data, path, depth)
    match reader.words(data, "type", path):
        case "publishText":
            return model.PublishText(path=path, text=reader.words(data, "text", path, is_required=True))
        case "link":
            return _link(reader, data, path)
        case "navigate":
            return model.Navigate(
                path=path,
                latitude=reader.number(data, "la", path),
                longitude=reader.number(data, "lo", path),
                name=reader.words(data, "name", path),
            )
        case "addToCart":
            return model.AddToCart(
                path=path, items=tuple(_cart_item(reader, item, at, depth) for item, at in reader.items(data, "items", path))
            )
        case "custom":
            return model.Custom(path=path, data=tuple(_pair(reader, item, at, depth) for item, at in reader.items(data, "data", path)))
        case "datePicker":
            return model.DatePicker(
                path=path,
                is_range=data.get("class") == "range",
                title=reader.words(data, "title", path),
                min_date_s=reader.whole(data, "minDate", path),
                max_date_s=reader.whole(data, "maxDate", path),
                date_format=reader.words(data, "dateFormat", path),
            )
        case "scheduleSlotList":
            return model.ScheduleSlotList(
                path=path,
                title=reader.words(data, "title", path),
                first_day_of_the_week=reader.words(data, "firstDayOfTheWeek", path),
                slots=tuple(_slot(reader, item, at, depth) for item, at in reader.items(data, "slots", path)),
            )
        case "checked":
            return model.Checked(path=path, publish_text=reader.words(data, "publishText", path, is_required=True))
        case "submitAsText":
            return model.SubmitAsText(path=path, submit=data.get("submit") is not False)
        case unknown:
            return model.UnknownAction(path=path, kind=unknown)


def _link(reader: Reader, data: dict[str, Any], path: str) -> Action:
    addresses = {}
    for device in ("ios", "android", "web"):
        at = data.get(device)
        if at is not None and not isinstance(at, dict):
            raise RichContentInvalid(f"{path}/{device}", "this must be an object")
        addresses[device] = reader.words(at or {}, "uri", f"{path}/{device}")
    # The guides leave ``uri`` out where there is one for each device.
    uri = reader.words(data, "uri", path) or addresses["web"] or addresses["ios"] or addresses["android"]
    if not uri.strip():
        raise RichContentInvalid(path, "“uri” is missing")
    return model.Link(path=path, uri=uri, name=reader.words(data, "name", path), target=reader.words(data, "target", path), **addresses)


def _cart_item(reader: Reader, data: Any, path: str, depth: int) -> model.CartItem:
    item = reader.node(data, path, depth)
    quantity = reader.whole(item, "quantity", path)
    return model.CartItem(product_id=reader.words(item, "productId", path), quantity=1 if quantity is None else quantity)


def _pair(reader: Reader, data: Any, path: str, depth: int) -> model.Pair:
    pair = reader.node(data, path, depth)
    return model.Pair(key=reader.words(pair, "key", path), value=reader.words(pair, "value", path), path=path)


def _slot(reader: Reader, data: Any, path: str, depth: int) -> model.ScheduleSlot:
    slot = reader.node(data, path, depth)
    start_s = reader.whole(slot, "start", path)
    if start_s is None:
        raise RichContentInvalid(path, "“start” is missing")
    return model.ScheduleSlot(
        id=reader.words(slot, "id", path),
        start_s=start_s,
        end_s=reader.whole(slot, "end", path),
        title=reader.words(slot, "title", path),
        description=reader.words(slot, "description", path),
        image_url=reader.words(slot, "imageUrl", path),
        path=path,
    )
