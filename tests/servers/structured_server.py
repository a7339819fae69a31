"""An OpenAI-compatible chat server that answers as a JSON schema says, or as text where none is asked for.

    python -m tests.servers.structured_server [--refuse-schemas] [--ignore-schemas]

Prints its port. What it says comes from the offline grammar, without refusals and cut answers. A schema that is not
strict (OpenAI's structured outputs) is answered with 400, one that is with JSON that conforms to it. --refuse-schemas:
every schema gets 400, as from a provider that has never heard of them; --ignore-schemas: text comes all the same.
`GET /asked` gives path and body of every request, in order.
"""

from __future__ import annotations

import argparse
import json
import socket
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from selfinstruct.models.offline import answer
from selfinstruct.parsing import read_input_first, read_instructions, read_output_first, read_tasks, read_yes_no
from selfinstruct.records import Message, Request
from tests.servers.openai_server import default_options

_PLAIN = replace(
    default_options(),
    rates=replace(default_options().rates, refusal=0.0, truncated=0.0, chatter=0.0, unreadable=0.0, empty_output=0.0),
)


def make_app(refuses: bool, ignores: bool) -> Starlette:
    asked: list[dict[str, Any]] = []

    async def complete(request: HttpRequest) -> JSONResponse:
        body = await request.json()
        asked.append({"path": request.url.path, "body": body})
        wanted = body.get("response_format")
        if wanted and refuses:
            return _error("Unsupported parameter: 'response_format' is not supported with this model.")
        said = answer(_request(body), "grammar", _PLAIN)
        text = said.text
        if wanted and not ignores:
            faults = faults_of(wanted)
            if faults:
                return _error(f"Invalid schema for response_format: {'; '.join(faults)}")
            schema = wanted["json_schema"]["schema"]
            text = json.dumps(conforming(schema, text), ensure_ascii=False)
        return JSONResponse(_body(body["model"], text, said.finish_reason, said.prompt_tokens or 0))

    async def show(_: HttpRequest) -> JSONResponse:
        return JSONResponse(asked)

    return Starlette(
        routes=[Route("/v1/chat/completions", complete, methods=["POST"]), Route("/asked", show)],
    )


def _error(message: str) -> JSONResponse:
    fault = {"message": message, "type": "invalid_request_error", "param": "response_format", "code": None}
    return JSONResponse({"error": fault}, 400)


def _request(body: dict[str, Any]) -> Request:
    return Request(
        stage="",
        messages=tuple(Message(message["role"], message["content"]) for message in body["messages"]),
        text="",
        max_tokens=body["max_tokens"],
        temperature=float(body["temperature"]),
        top_p=float(body["top_p"]),
        frequency_penalty=float(body.get("frequency_penalty") or 0.0),
        presence_penalty=float(body.get("presence_penalty") or 0.0),
        stop=tuple(body.get("stop") or ()),
    )


def _body(model: str, text: str, finish_reason: str, prompt_tokens: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    completion_tokens = -(-len(text) // 4)
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": message}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def faults_of(response_format: dict[str, Any]) -> list[str]:
    """Return why this is no strict JSON schema, by what OpenAI's documentation of structured outputs demands."""
    described = response_format.get("json_schema") or {}
    faults = [] if response_format.get("type") == "json_schema" else ["type is not json_schema"]
    if described.get("strict") is not True:
        faults.append("strict is not true")
    name = described.get("name") or ""
    if not name.replace("_", "").replace("-", "").isalnum() or len(name) > 64:
        faults.append(f"{name!r} is no name")
    schema = described.get("schema") or {}
    if schema.get("type") != "object":
        faults.append("the root is no object")
    return faults + _faults_in(schema, "root")


def _faults_in(schema: dict[str, Any], place: str) -> list[str]:
    kind = schema.get("type")
    if kind in {"string", "boolean"}:
        return _unknown(schema, set(), place)
    if kind == "array":
        return _unknown(schema, {"items"}, place) + _faults_in(schema.get("items") or {}, f"{place}[]")
    if kind != "object":
        return [f"{place}: unknown type {kind}"]
    faults = _unknown(schema, {"properties", "required", "additionalProperties"}, place)
    if schema.get("additionalProperties") is not False:
        faults.append(f"{place}: additionalProperties is not false")
    if schema.get("required") != list(schema.get("properties") or {}):
        faults.append(f"{place}: required does not list every property")
    for name, inner in (schema.get("properties") or {}).items():
        faults += _faults_in(inner, f"{place}.{name}")
    return faults


def _unknown(schema: dict[str, Any], known: set[str], place: str) -> list[str]:
    return [f"{place}: {key} is not permitted" for key in sorted(schema.keys() - known - {"type"})]


def conforming(schema: dict[str, Any], text: str) -> dict[str, Any]:
    """Return what a text says in the form that the schema demands, found by the names of its fields."""
    ((name, inner),) = schema["properties"].items()
    if inner["type"] == "boolean":
        return {name: read_yes_no(text)[0] is True}
    fields = list(inner["items"]["properties"])
    if fields == ["instruction"]:
        items = [{"instruction": item.text} for item in read_instructions(text, "stop", False, (), "own")]
    elif fields == ["instruction", "input", "output"]:
        tasks = [item for item in read_tasks(text, "stop", (), "own") if item.pairs]
        items = [
            {"instruction": item.text, "input": item.pairs[0].input, "output": item.pairs[0].output} for item in tasks
        ]
    elif fields == ["input", "output"]:
        pairs = [item.pair for item in read_input_first(text, "stop", (), "own")]
        items = [{"input": pair.input, "output": pair.output} for pair in pairs]
    elif fields == ["label", "input"]:
        pairs = [item.pair for item in read_output_first(text, "stop", (), "own")]
        items = [{"label": pair.output, "input": pair.input} for pair in pairs]
    else:
        raise ValueError(f"no answer has the fields {fields}")
    return {name: items}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--refuse-schemas", action="store_true")
    parser.add_argument("--ignore-schemas", action="store_true")
    arguments = parser.parse_args()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = make_app(arguments.refuse_schemas, arguments.ignore_schemas)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
