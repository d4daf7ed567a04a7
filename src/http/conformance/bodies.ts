/** Request bodies: framing, lengths, streams, back-pressure, trailers. */
import { assert, assertEquals } from "../../testing/assert.ts";
import { patternBytes } from "./pattern.ts";
import { bytesToLatin1 } from "../headers.ts";
import {
  assertHttpError,
  type ConnectorCase,
  drain,
  echo,
  endless,
  freshId,
  request,
  seenBy,
  sent,
  serviceCase,
  spied,
  streamOf,
} from "./context.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Cases about request bodies. */
export const bodyCases: readonly ConnectorCase[] = [
  serviceCase("bytes are sent with their length and nothing is added", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body: text("hello") });
    assertEquals([seen.body, seen.length, seen.chunked], ["hello", 5, false]);
    assertEquals(sent(seen, "content-length"), ["5"]);
    assertEquals(sent(seen, "content-type"), []);
  }),
  serviceCase("every byte value survives", async (service, { origin }) => {
    const body = Uint8Array.from({ length: 256 }, (_, i) => i);
    assertEquals((await echo(service, `${origin}/echo`, { method: "POST", body })).body, bytesToLatin1(body));
  }),
  serviceCase("no bytes are a body of length 0", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body: new Uint8Array(0) });
    assertEquals([sent(seen, "content-length"), seen.chunked], [["0"], false]);
  }),
  serviceCase("a request without a body is not chunked", async (service, { origin }) => {
    for (const method of ["GET", "POST", "DELETE", "PROPFIND"]) {
      const seen = await echo(service, `${origin}/echo`, { method });
      assertEquals([seen.length, seen.chunked, sent(seen, "transfer-encoding")], [0, false, []]);
    }
  }),
  serviceCase("a written content-length of 0 is no body", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, {
      method: "DELETE",
      headers: [["content-length", "0"]],
    });
    // Some platforms leave it out where the method expects no body (RFC 9110 section 8.6), which says the same.
    assert(["", "0"].includes(sent(seen, "content-length").join()), "Not one content-length of 0");
    assertEquals([seen.length, seen.chunked], [0, false]);
  }),
  serviceCase("chunks are sent back to back", async (service, { origin }) => {
    const body = [text("one"), new Uint8Array(0), text("two"), text("three")];
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body });
    assertEquals([seen.body, sent(seen, "content-length")], ["onetwothree", ["11"]]);
    assertEquals(sent(await echo(service, `${origin}/echo`, { method: "PUT", body: [] }), "content-length"), [
      "0",
    ]);
  }),
  serviceCase("of a buffer only the view is sent", async (service, { origin }) => {
    const body = text("hide hello hide").subarray(5, 10);
    assertEquals((await echo(service, `${origin}/echo`, { method: "PUT", body })).body, "hello");
    assertEquals((await echo(service, `${origin}/echo`, { method: "PUT", body: [body] })).body, "hello");
  }),
  serviceCase("a body can be sent again", async (service, { origin }) => {
    const body = text("hello");
    for (let i = 0; i < 2; i++) {
      assertEquals((await echo(service, `${origin}/echo`, { method: "PUT", body })).body, "hello");
    }
    assertEquals(body.byteLength, 5);
  }),
  serviceCase("a stream of unknown length goes out chunked", async (service, { origin }) => {
    const { stream } = streamOf([text("one"), new Uint8Array(0), text("two")]);
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body: { stream } });
    assertEquals([seen.body, seen.chunked, sent(seen, "content-length")], ["onetwo", true, []]);
  }),
  serviceCase("an empty stream is an empty body", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, {
      method: "PUT",
      body: { stream: streamOf([]).stream },
    });
    assertEquals([seen.length, seen.whole], [0, true]);
    const known = { stream: streamOf([]).stream, length: 0 };
    assertEquals((await echo(service, `${origin}/echo`, { method: "PUT", body: known })).length, 0);
  }),
  serviceCase("a stream of known length goes out with it", async (service, { origin }) => {
    const body = { stream: streamOf([text("one"), text("two")]).stream, length: 6 };
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body });
    assertEquals([seen.body, seen.chunked, sent(seen, "content-length")], ["onetwo", false, ["6"]]);
  }),
  serviceCase("a content-length header tells the length of a stream", async (service, { origin }) => {
    const body = { stream: streamOf([text("onetwo")]).stream };
    const headers = [["Content-Length", "6"]] as const;
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body, headers });
    assertEquals([seen.chunked, sent(seen, "content-length")], [false, ["6"]]);
  }),
  serviceCase("a content-length header that agrees with bytes is sent once", async (service, { origin }) => {
    const headers = [["content-length", "5"]] as const;
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body: text("hello"), headers });
    assertEquals(sent(seen, "content-length"), ["5"]);
  }),
  ...["4", "6", "-1", "+5", "5,5", "0x5", "", "99999999999999999999"].map((length) =>
    serviceCase(`content-length "${length}" is refused for 5 bytes`, async (service, { origin }) => {
      const headers = [["content-length", length]] as const;
      const put = request(`${origin}/echo`, { method: "PUT", body: text("hello"), headers });
      await assertHttpError(
        service.call(put),
        "request",
        /^\d$/.test(length) ? "HTTP-request-body-size" : [],
      );
    })
  ),
  serviceCase("a large stream of known length goes out with it", async (service, { origin }) => {
    const size = 24 * 2 ** 20;
    const body = { stream: streamOf(pieces(size)).stream, length: size };
    const seen = await echo(service, `${origin}/echo`, { method: "PUT", body });
    assertEquals([seen.length, sent(seen, "content-length")], [size, [String(size)]]);
  }, ["stream-length"]),
  serviceCase("a large stream of known length is refused by name", async (service, { origin }) => {
    const { stream, cancelled } = endless(text("first"));
    const put = request(`${origin}/echo`, { method: "PUT", body: { stream, length: 24 * 2 ** 20 } });
    const error = await assertHttpError(service.call(put), "request", "HTTP-request-body-size");
    assert(error.message.includes("NodeHttpConnector"), "The message says what can send it");
    await cancelled;
  }, ["!stream-length"]),
  serviceCase("a large stream of unknown length arrives whole", async (service, { origin }) => {
    const size = 24 * 2 ** 20;
    const seen = await echo(service, `${origin}/echo`, {
      method: "PUT",
      body: { stream: streamOf(pieces(size)).stream },
    });
    assertEquals([seen.length, seen.chunked, seen.whole], [size, true, true]);
  }),
  serviceCase("a stream shorter than declared is an error", async (service, context) => {
    const id = freshId();
    const body = { stream: streamOf([text("four")]).stream, length: 5 };
    const put = request(`${context.origin}/echo?id=${id}`, { method: "PUT", body });
    await assertHttpError(service.call(put), "request", "HTTP-request-body-size");
    assert(!(await seenBy(context, id)).whole, "The server took the short body for whole");
  }),
  serviceCase("a stream longer than declared is an error, and cancelled", async (service, context) => {
    const id = freshId();
    const { stream, cancelled } = endless(text("sixsix"));
    const put = request(`${context.origin}/echo?id=${id}`, { method: "PUT", body: { stream, length: 5 } });
    await assertHttpError(service.call(put), "request", "HTTP-request-body-size");
    await cancelled;
    assert((await seenBy(context, id)).received <= 5, "More than the declared length went out");
  }),
  serviceCase("a stream that fails fails the request with its error as cause", async (service, context) => {
    const id = freshId();
    const failure = new Error("disk on fire");
    let first = true;
    const { stream } = spied((controller) => {
      if (!first) return controller.error(failure);
      first = false;
      controller.enqueue(text("some"));
    });
    const put = request(`${context.origin}/echo?id=${id}`, { method: "PUT", body: { stream } });
    const error = await assertHttpError(service.call(put), "request");
    assert(error.cause === failure, "The cause is the stream's error");
    assert(!(await seenBy(context, id)).whole, "The server took the broken body for whole");
  }),
  serviceCase("a stream of something else than bytes fails the request", async (service, { origin }) => {
    const stream = streamOf(["text" as unknown as Uint8Array]).stream;
    await assertHttpError(
      service.call(request(`${origin}/echo`, { method: "PUT", body: { stream } })),
      "request",
    );
  }),
  serviceCase("a stream is cancelled when the request is refused", async (service, { origin }) => {
    const { stream, cancelled } = endless(text("x"));
    const put = request(`${origin}/echo`, { method: "BAD METHOD", body: { stream } });
    await assertHttpError(service.call(put), "request");
    await cancelled;
  }),
  serviceCase("a stream is cancelled when no connection is made", async (service, { refused }) => {
    const { stream, cancelled } = endless(text("x"));
    await assertHttpError(service.call(request(refused, { method: "PUT", body: { stream } })), "connect");
    await cancelled;
  }),
  serviceCase("a stream is cancelled when the server breaks off", async (service, { origin }) => {
    const { stream, cancelled } = endless(text("x"));
    await assertHttpError(
      service.call(request(`${origin}/close`, { method: "PUT", body: { stream } })),
      "interrupted",
    );
    await cancelled;
  }),
  serviceCase("a stream is read only as far as the server takes it", async (service, context) => {
    const id = freshId();
    const abort = new AbortController();
    let given = 0;
    const { stream, cancelled } = spied((controller) => {
      given += 65536;
      controller.enqueue(new Uint8Array(65536));
    });
    const hanging = service.call(
      request(`${context.origin}/hang?id=${id}`, { method: "PUT", body: { stream }, signal: abort.signal }),
    ).catch(() => {});
    await seenBy(context, id, "&started=1");
    await settled(() => given);
    assert(given < 64 * 2 ** 20, `${given} bytes were read for a server that takes none`);
    abort.abort();
    await hanging;
    // That the connection closes cannot be seen by a server that does not read.
    await cancelled;
  }),
  serviceCase("an answer before the body is whole is an answer", async (service, { origin }) => {
    const { stream } = endless(text("x"));
    const response = await service.call(request(`${origin}/early`, { method: "PUT", body: { stream } }));
    assertEquals(response.status, 413);
    await response.cancel();
  }, ["duplex"]),
  serviceCase("the response can be read while the request is sent", async (service, { origin }) => {
    let more: () => void = () => {};
    const wanted = new Promise<void>((resolve) => more = resolve);
    let step = 0;
    const { stream } = spied(async (controller) => {
      if (step++ === 0) return controller.enqueue(text("ping"));
      if (step === 2) await wanted;
      if (step === 2) return controller.enqueue(text("pong"));
      controller.close();
    });
    const response = await service.call(request(`${origin}/mirror`, { method: "POST", body: { stream } }));
    const reader = response.body.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "ping");
    more();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "pong");
    assertEquals((await reader.read()).done, true);
  }, ["duplex"]),
  serviceCase("a GET with a body is sent", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, { body: text("query") });
    assertEquals([seen.method, seen.body], ["GET", "query"]);
  }, ["get-body"]),
  serviceCase("a GET with a body is refused by name", async (service, { origin }) => {
    const error = await assertHttpError(
      service.call(request(`${origin}/echo`, { body: text("query") })),
      "request",
    );
    assert(error.message.includes("NodeHttpConnector"), "The message says what can send it");
    const { stream, cancelled } = endless(text("x"));
    await assertHttpError(service.call(request(`${origin}/echo`, { body: { stream } })), "request");
    await cancelled;
  }, ["!get-body"]),
  serviceCase("a GET with no bytes is a GET", async (service, { origin }) => {
    assertEquals((await echo(service, `${origin}/echo`, { body: new Uint8Array(0) })).length, 0);
  }),
  serviceCase("trailers are sent once the body is", async (service, { origin }) => {
    let whole = false;
    const { stream } = spied((controller) => {
      if (whole) return controller.close();
      whole = true;
      controller.enqueue(text("hello"));
    });
    const seen = await echo(service, `${origin}/echo`, {
      method: "PUT",
      headers: [["trailer", "x-sum"]],
      body: { stream },
      trailers: () => Promise.resolve([["x-sum", whole ? "after" : "before"]]),
    });
    assertEquals([seen.body, seen.trailers], ["hello", [["x-sum", "after"]]]);
  }, ["request-trailers"]),
  serviceCase("trailers are refused by name, and the stream cancelled", async (service, { origin }) => {
    const { stream, cancelled } = endless(text("x"));
    const put = request(`${origin}/echo`, {
      method: "PUT",
      body: { stream },
      trailers: () => [["x-sum", "1"]],
    });
    const error = await assertHttpError(service.call(put), "request");
    assert(error.message.includes("trailers"), "The message names the trailers");
    await cancelled;
  }, ["!request-trailers"]),
  serviceCase("the mirror of 4 MiB is the same 4 MiB", async (service, { origin }) => {
    const size = 4 * 2 ** 20;
    const body = { stream: streamOf(pieces(size)).stream };
    const response = await service.call(request(`${origin}/mirror`, { method: "POST", body }));
    const back = await drain(response);
    assertEquals([back.byteLength, back.every((byte, i) => byte === expected[i % expected.length])], [
      size,
      true,
    ]);
  }, ["duplex"]),
];

const expected = patternBytes(65536);

/** Pieces of 64 KiB, all alike. */
function pieces(size: number): Uint8Array[] {
  return Array.from({ length: size / 65536 }, () => expected.slice());
}

/** Waits until a number has stopped growing. */
async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count();) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
