"""Forms with files, read back by a parser that is not ours."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP

from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.calls import HttpCall, Upload

URL = "https://vendor.example.com/upload"


def read(call: HttpCall) -> list[tuple[str, str | None, str, bytes]]:
    """Name, file name, type and bytes of each part."""
    head = f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
    found = []
    for part in BytesParser(policy=HTTP).parsebytes(head + call.body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        found.append((str(name), part.get_filename(), part.get_content_type(), part.get_payload(decode=True)))
    return found


def test_fields_and_files_arrive_as_they_are() -> None:
    picture = Upload(field="photo", name="a b.png", mime_type="image/png", data=b"\x89PNG\r\n--x\r\n\x00\xff")
    call = HttpCall.multipart("POST", URL, {"chat_id": "7", "caption": "sí 📦"}, [picture], headers={"X-A": "1"}, effect=False)
    assert (call.method, call.url, call.purpose, call.effect, call.headers["X-A"]) == ("POST", URL, "upload", False, "1")
    assert read(call) == [
        ("chat_id", None, "text/plain", b"7"),
        ("caption", None, "text/plain", "sí 📦".encode()),
        ("photo", "a b.png", "image/png", picture.data),
    ]


def test_equal_input_gives_equal_bytes() -> None:
    first, second = (HttpCall.multipart("POST", URL, {"a": "1"}, [Upload(field="f", name="n", data=b"x")]) for _ in range(2))
    assert first == second


def test_a_name_or_type_cannot_add_a_line_to_the_form() -> None:
    evil = Upload(field="f", name='a"\r\nX-Evil: 1', mime_type="image/png\r\nX-Evil: 1", data=b"x")
    call = HttpCall.multipart("POST", URL, {}, [evil])
    assert b"\r\nX-Evil" not in call.body
    assert b"Content-Type: application/octet-stream\r\n" in call.body
    assert b'filename="a%22%0D%0AX-Evil: 1"' in call.body


@given(st.binary(max_size=200), st.text(max_size=50))
def test_any_bytes_come_back(data: bytes, text: str) -> None:
    call = HttpCall.multipart("POST", URL, {"text": text}, [Upload(field="f", name="n", data=data)])
    boundary = call.headers["Content-Type"].partition("boundary=")[2].encode()
    _, field, file, end = call.body.split(b"--" + boundary)
    assert field.partition(b"\r\n\r\n")[2] == text.encode("utf-8", "replace") + b"\r\n"
    assert file.partition(b"\r\n\r\n")[2] == data + b"\r\n"
    assert end == b"--\r\n"
