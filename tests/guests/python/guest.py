"""A command in Python: `guest COMMAND ...`. HTTP goes through asyncio on the event loop that comes with the toolchain.

get URL              status, headers and text
post URL TEXT        post a text, print the answer
stream URL           read a body piece by piece; bytes and whether it is the test pattern
upload URL BYTES     post the test pattern
many URL N           N requests at once
error URL            the error code of a request that fails
files PATH           the sorted names in a directory
"""

import asyncio
import os
import sys
from urllib.parse import urlsplit

import poll_loop
from componentize_py_types import Err
from poll_loop import PollLoop, Sink, Stream
from wit_world import exports
from wit_world.imports import environment
from wit_world.imports.types import (
    Fields,
    IncomingResponse,
    Method,
    Method_Get,
    Method_Post,
    OutgoingRequest,
    Scheme_Http,
    Scheme_Https,
)


def request(method: Method, url: str) -> OutgoingRequest:
    parts = urlsplit(url)
    made = OutgoingRequest(Fields())
    made.set_method(method)
    made.set_scheme(Scheme_Http() if parts.scheme == "http" else Scheme_Https())
    made.set_authority(parts.netloc)
    made.set_path_with_query((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return made


async def read(response: IncomingResponse) -> bytes:
    stream, pieces = Stream(response.consume()), []
    while (piece := await stream.next()) is not None:
        pieces.append(piece)
    return b"".join(pieces)


async def show(response: IncomingResponse) -> None:
    print(f"status {response.status()}")
    for name, value in response.headers().entries():
        print(f"header {name}: {value.decode('latin-1')}")
    print(f"text {(await read(response)).decode()}")


async def get(url: str) -> None:
    await show(await poll_loop.send(request(Method_Get(), url)))


async def send_body(url: str, body: bytes) -> IncomingResponse:
    # Without a content-length: some hosts close the stream at that length, which `Sink` takes for a failure.
    outgoing = request(Method_Post(), url)
    sink = Sink(outgoing.body())

    async def write() -> None:
        for at in range(0, len(body), 64 * 1024):
            await sink.send(body[at : at + 64 * 1024])
        sink.close()

    response, _ = await asyncio.gather(poll_loop.send(outgoing), write())
    return response


async def post(url: str, text: str) -> None:
    await show(await send_body(url, text.encode()))


def pattern(size: int) -> bytes:
    block = bytes(range(251))
    return (block * (size // 251 + 1))[:size]


async def stream(url: str) -> None:
    body = await read(await poll_loop.send(request(Method_Get(), url)))
    print(f"bytes {len(body)}")
    print(f"pattern {'right' if body == pattern(len(body)) else 'other'}")


async def upload(url: str, size: str) -> None:
    response = await send_body(url, pattern(int(size)))
    print(f"status {response.status()}")
    print(f"text {(await read(response)).decode()}")


async def many(url: str, count: str) -> None:
    responses = await asyncio.gather(*(poll_loop.send(request(Method_Get(), url)) for _ in range(int(count))))
    print(f"responses {sum(response.status() == 200 for response in responses)}")


async def error(url: str) -> None:
    try:
        response = await poll_loop.send(request(Method_Get(), url))
        print(f"status {response.status()}")
        print(f"bytes {len(await read(response))}")
    except Err as failure:
        print(f"error {type(failure.value).__name__}")


async def files(path: str) -> None:
    for name in sorted(os.listdir(path)):
        print(name)


COMMANDS = {"get": get, "post": post, "stream": stream, "upload": upload, "many": many, "error": error, "files": files}


class Run(exports.Run):
    def run(self) -> None:
        _, *words = environment.get_arguments()
        command = COMMANDS.get(words[0]) if words else None
        if command is None:
            print(__doc__, file=sys.stderr)
            raise Err(None)
        loop = PollLoop()
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(command(*words[1:]))
        except Exception as failure:
            print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
            raise Err(None)
