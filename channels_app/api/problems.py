"""Errors as problem details (RFC 9457): ``application/problem+json`` with a stable ``code``."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from channels_app.services.errors import Conflict, Invalid
from connector_platform.core.errors import ConnectorError
from connector_platform.database import DatabaseUnavailable

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"


class ConflictProblem(exceptions.APIException):
    """409: the request is well formed, but the rows as they are do not allow it."""

    status_code = 409
    default_code = "conflict"
    default_detail = "The rows as they are do not allow this."


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = "The body is too large."


class Unavailable(exceptions.APIException):
    status_code = 503
    default_code = "database_unavailable"
    default_detail = "The database cannot be reached; repeat the request."


class Fault(exceptions.APIException):
    """500: the installation is not set up as it should be; the sentence says what an operator can do."""

    status_code = 500
    default_code = "fault"


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The problem response for ``error``; None lets Django answer 500.

    ``errors`` lists what is wrong with which field, as a JSON pointer and a sentence.
    """
    invalid = error if isinstance(error, Invalid | ModelValidationError) else None
    error = _as_api_error(error)
    response = exception_handler(error, context)
    if response is None:
        return None
    assert isinstance(error, exceptions.APIException)
    status = response.status_code
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": _code(error)}
    if isinstance(error, exceptions.ValidationError):
        body["detail"] = "The request is not valid; see errors."
        body["errors"] = list(_errors(invalid if invalid is not None else error))
    else:
        body["detail"] = str(error.detail)
    response.data = body
    response.content_type = CONTENT_TYPE
    return response


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponseBase:
    """404 as a problem, for addresses of the API that lead nowhere; one that only lacks its last slash leads on where nothing is written."""
    detail = "There is nothing at this address."
    slashed = f"{request.path_info}/"
    if not request.path_info.endswith("/") and resolve(slashed).func is not no_such_address:
        if request.method in ("GET", "HEAD"):
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        detail = f"Addresses of this API end in a slash: send this to {slashed} instead."
    body = {"type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found", "detail": detail}
    return JsonResponse(body, status=404, content_type=CONTENT_TYPE)


def _as_api_error(error: Exception) -> Exception:
    """The API's error for one of ours or of Django's; others stay what they are."""
    match error:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case Invalid() | ModelValidationError():
            return exceptions.ValidationError()
        case Conflict():
            return ConflictProblem(error.message, error.code)
        case DatabaseUnavailable() | OperationalError():
            log.error("database_unavailable", reason=type(error).__name__)
            return Unavailable()
        case ConnectorError():
            log.exception("api_failed", code=error.code)
            return Fault(error.message, error.code)
    return error


def _code(error: exceptions.APIException) -> str:
    return str(getattr(error.detail, "code", None) or error.default_code)


def _errors(error: Exception) -> Iterator[dict[str, str]]:
    if isinstance(error, Invalid):
        for problem in error.problems:
            yield {"pointer": pointer(problem.path), "code": problem.code, "detail": problem.message}
    elif isinstance(error, ModelValidationError):
        by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for name, errors in by_field.items():
            for item in errors:
                path = () if name == NON_FIELD_ERRORS else (name,)
                yield {"pointer": pointer(path), "code": item.code or "invalid", "detail": " ".join(item.messages)}
    elif isinstance(error, exceptions.APIException):
        yield from _flatten(error.detail, ())


def pointer(path: tuple[str | int, ...]) -> str:
    """``path`` as a JSON pointer (RFC 6901); "/" is the body as a whole."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path) or "/"


def _flatten(detail: Any, path: tuple[str | int, ...]) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flatten(inner, path if name == "non_field_errors" else (*path, name))
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for number, inner in enumerate(detail):
            yield from _flatten(inner, (*path, number))
    else:
        for item in detail if isinstance(detail, list) else [detail]:
            yield {"pointer": pointer(path), "code": getattr(item, "code", "invalid"), "detail": str(item)}
