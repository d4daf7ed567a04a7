/** Responses: heads, bodies in every framing, the ways to read them, codings, trailers. */
import { assert, assertBytes, assertEquals, assertRejects } from "../../testing/assert.ts";
import { patternBytes } from "./pattern.ts";
import { getHeader, getHeaderAll } from "../headers.ts";
import { HttpError } from "../error.ts";
import {
  assertGone,
  assertHttpError,
  type ConnectorCase,
  drain,
  echo,
  freshId,
  request,
  seenBy,
  serviceCase,
} from "./context.ts";

/** Cases about responses. */
export const responseCases: readonly ConnectorCase[] = [
  serviceCase("every status is a response", async (service, { origin }) => {
    for (const code of [200, 201, 206, 226, 299, 400, 401, 404, 412, 416, 418, 429, 500, 503, 599]) {
      const response = await service.call(request(`${origin}/status?code=${code}&body=text`));
      assertEquals([response.status, await response.text()], [code, "text"]);
    }
  }),
  serviceCase("204 and 304 have no body and no length", async (service, { origin }) => {
    for (const code of [204, 304]) {
      const response = await service.call(request(`${origin}/status?code=${code}&h=etag:%20%221%22`));
      assertEquals([response.status, response.contentLength], [code, undefined]);
      assertEquals([getHeader(response.headers, "etag"), (await response.bytes()).byteLength], ['"1"', 0]);
    }
  }),
  serviceCase("a response to HEAD has headers only", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/bytes?size=1000`, { method: "HEAD" }));
    assertEquals(response.contentLength, undefined, "What is declared is not what is delivered");
    assertEquals(getHeader(response.headers, "content-length"), "1000");
    assertEquals((await response.bytes()).byteLength, 0);
    assertEquals(await response.trailers, []);
  }),
  serviceCase("headers are found in any case", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/status?code=200&h=X-Mixed:%20Value,%20More`));
    assertEquals(getHeader(response.headers, "x-MIXED"), "Value, More");
    await response.cancel();
  }),
  serviceCase("header values are Latin-1", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/latin1`));
    assertEquals(getHeader(response.headers, "x-latin1"), "caf\xe9");
    await response.cancel();
  }, ["latin1-headers"]),
  serviceCase("cookies stay apart", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/duplicates`));
    assertEquals(getHeaderAll(response.headers, "set-cookie"), ["a=1; path=/", "b=2, c"]);
    await response.cancel();
  }),
  serviceCase("repeated header lines are joined", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/duplicates`));
    assertEquals(getHeaderAll(response.headers, "x-dup").join(", "), "one, two");
    await response.cancel();
  }),
  serviceCase("repeated header lines are told apart", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/duplicates`));
    assertEquals(response.headers.filter(([name]) => /^x-dup$/i.test(name)), [["X-Dup", "one"], [
      "x-dup",
      "two",
    ]]);
    await response.cancel();
  }, ["separate-lines"]),
  serviceCase("redirects are not followed", async (service, { origin }) => {
    for (const code of [301, 302, 303, 307, 308]) {
      const response = await service.call(request(`${origin}/redirect?code=${code}`));
      assertEquals([response.status, getHeader(response.headers, "location")], [code, "/echo"]);
      assertEquals(await response.text(), "moved");
    }
  }),
  serviceCase("informational responses are not shown", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/informational`));
    assertEquals([response.status, await response.text()], [200, "ok"]);
  }),
  ...["length", "chunked", "close"].flatMap((framing) =>
    [0, 1, 10, 65536, 65537, 3_000_001].map((size) =>
      serviceCase(`${size} bytes framed by ${framing} are read each way`, async (service, { origin }) => {
        const url = `${origin}/bytes?size=${size}&framing=${framing}`;
        const all = await service.call(request(url));
        assertEquals(all.contentLength, framing === "length" ? size : undefined);
        assertEquals(all.decoded, false);
        const bytes = await all.bytes();
        assert(bytes.constructor === Uint8Array, "Bytes are a plain Uint8Array");
        assertBytes(bytes, patternBytes(size));
        assertBytes(await drain(await service.call(request(url))), patternBytes(size));
        assertEquals((await (await service.call(request(url))).text()).length > 0, size > 0);
        const placed = await service.call(request(url));
        if (placed.bytesInto === undefined) return await placed.cancel();
        const target = new Uint8Array(size + 7);
        let count = 0;
        await placed.bytesInto(target, (now) => count = now);
        assertEquals(count, size);
        assertBytes(target.subarray(0, size), patternBytes(size));
      })
    )
  ),
  serviceCase("text is UTF-8", async (service, { origin }) => {
    const response = await service.call(
      request(`${origin}/echo/`, { method: "PUT", body: new Uint8Array([0xc3, 0xa9]) }),
    );
    assert((await response.text()).includes("\u00c3\u00a9"), "The echo writes bytes as Latin-1 in UTF-8");
  }),
  serviceCase("a body is used once", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/bytes?size=10`));
    assertEquals((await response.bytes()).byteLength, 10);
    await assertRejects(() => response.bytes(), TypeError);
    await assertRejects(() => response.text(), TypeError);
    await assertRejects(() => response.body, TypeError);
    const streamed = await service.call(request(`${origin}/bytes?size=10`));
    assert(streamed.body === streamed.body, "The stream is the same each time it is looked at");
    await assertRejects(() => streamed.bytes(), TypeError);
    await streamed.cancel();
  }),
  serviceCase("an unread body can be cancelled, twice", async (service, context) => {
    const id = freshId();
    const response = await service.call(request(`${context.origin}/stall?id=${id}&after=10`));
    await response.cancel();
    await response.cancel(new Error("again"));
    await assertGone(context, id);
    await assertRejects(() => response.bytes(), Error);
  }),
  serviceCase("cancelling ends a read under way", async (service, context) => {
    const id = freshId();
    const response = await service.call(request(`${context.origin}/stall?id=${id}&after=10`));
    const reason = new Error("enough");
    const reading = assertRejects(() => response.bytes(), Error);
    await response.cancel(reason);
    assert(await reading === reason, "The reader sees the reason");
    await assertGone(context, id);
  }),
  serviceCase(
    "a body that is read into place can be given up",
    async (service, context) => {
      const id = freshId();
      const stalled = await service.call(request(`${context.origin}/stall?id=${id}&after=10`));
      if (stalled.bytesInto === undefined) return await stalled.cancel();
      const reason = new Error("enough");
      const reading = assertRejects(() => stalled.bytesInto!(new Uint8Array(2 ** 20), () => {}), Error);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await stalled.cancel(reason);
      assert(await reading === reason, "The reader sees the reason");
      await assertGone(context, id);
    },
  ),
  serviceCase(
    "a body that is read into place has its room",
    async (service, { origin }) => {
      for (const framing of ["length", "chunked"]) {
        for (const room of [10, 2 ** 20]) {
          const response = await service.call(request(`${origin}/bytes?size=3000001&framing=${framing}`));
          if (response.bytesInto === undefined) return await response.cancel();
          await assertHttpError(
            response.bytesInto(new Uint8Array(room), () => {}),
            "decode",
            "HTTP-response-body-size",
          );
        }
      }
    },
  ),
  serviceCase("cancelling the stream closes the connection", async (service, context) => {
    const id = freshId();
    const response = await service.call(request(`${context.origin}/stall?id=${id}&after=10`));
    const reader = response.body.getReader();
    assertEquals((await reader.read()).value?.byteLength, 10);
    await reader.cancel();
    await assertGone(context, id);
    assertEquals(await response.trailers, []);
  }),
  serviceCase("leaving a loop over the stream closes the connection", async (service, context) => {
    const id = freshId();
    const response = await service.call(request(`${context.origin}/firehose?id=${id}`));
    for await (const _ of response.body) break;
    await assertGone(context, id);
  }),
  serviceCase("cancelling a body that was read does nothing", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/bytes?size=10`));
    await response.bytes();
    await response.cancel();
  }),
  serviceCase("a body nobody reads is not fetched whole", async (service, context) => {
    const id = freshId();
    const response = await service.call(request(`${context.origin}/firehose?id=${id}`));
    const reader = response.body.getReader();
    await reader.read();
    let before = -1;
    for (let pushed = 0; before !== pushed;) {
      before = pushed;
      await new Promise((resolve) => setTimeout(resolve, 150));
      pushed = (await seenBy(context, id)).pushed;
    }
    assert(before < 64 * 2 ** 20, `The server could push ${before} bytes`);
    await reader.cancel();
    await assertGone(context, id);
  }),
  serviceCase("connections are used again", async (service, { origin }) => {
    const numbers = new Set<number>();
    for (let i = 0; i < 6; i++) numbers.add((await echo(service, `${origin}/echo`)).connection);
    // A platform may not have put the first one back when the second request comes.
    assert(numbers.size <= 2, `Six requests one after the other used ${numbers.size} connections`);
  }),
  serviceCase(
    "responses without a body that nobody looked at hold no connection",
    async (service, { origin }) => {
      // Numbers of connections are the origin's, which other cases may have used before.
      const first = (await echo(service, `${origin}/echo`)).connection;
      for (let i = 0; i < 4; i++) {
        await service.call(request(`${origin}/status?code=204`));
        await service.call(request(`${origin}/bytes?size=0`));
        await service.call(request(`${origin}/bytes?size=10`, { method: "HEAD" }));
      }
      const more = (await echo(service, `${origin}/echo`)).connection - first;
      // Undici closes the connection after each HEAD.
      assert(more <= 6, `Twelve requests one after the other used ${more} more connections`);
    },
  ),
  serviceCase("many requests at once each get their own answer", async (service, { origin }) => {
    await Promise.all(Array.from({ length: 64 }, async (_, i) => {
      const response = await service.call(request(`${origin}/bytes?size=${i * 997}`));
      assertBytes(await response.bytes(), patternBytes(i * 997));
    }));
  }),
  serviceCase("trailers are empty where there are none", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/bytes?size=10&framing=chunked`));
    const { trailers } = response;
    await response.bytes();
    assertEquals(await trailers, []);
    assertEquals(await response.trailers, []);
  }),
  serviceCase("trailers are there when the body has ended", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/trailers`));
    assertEquals(await response.text(), "hello");
    const trailers = await response.trailers;
    assertEquals([getHeader(trailers, "x-sum"), getHeader(trailers, "x-byte")], ["1234", "caf\xe9"]);
  }, ["response-trailers"]),
  serviceCase("trailers that cannot be seen are empty", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/trailers`));
    assertEquals([await response.text(), await response.trailers], ["hello", []]);
  }, ["!response-trailers"]),
  serviceCase("trailers of a broken body reject for those who ask", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/truncated`));
    const { trailers } = response;
    await assertRejects(() => response.bytes(), HttpError);
    await assertRejects(trailers, HttpError);
    await assertRejects(() => response.trailers, HttpError);
  }),
  ...["gzip", "deflate", "x-unheard-of", "identity"].map((coding) =>
    serviceCase(`a body coded as ${coding} is raw, or said to be decoded`, async (service, { origin }) => {
      const response = await service.call(request(`${origin}/coded?coding=${coding}&size=10000`));
      const declared = Number(getHeader(response.headers, "content-length"));
      const bytes = await response.bytes();
      if (response.decoded) {
        assert(coding === "gzip" || coding === "deflate", "Nothing was there to decode");
        assertEquals(response.contentLength, undefined);
        assertBytes(bytes, patternBytes(10000));
      } else {
        assertEquals([response.contentLength, bytes.byteLength], [declared, declared]);
        if (coding === "gzip") assertEquals([bytes[0], bytes[1]], [0x1f, 0x8b]);
        if (coding === "identity" || coding === "x-unheard-of") assertBytes(bytes, patternBytes(10000));
      }
    })
  ),
  serviceCase("a coded body can be streamed", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/coded?size=500000`));
    const bytes = await drain(response);
    if (response.decoded) assertBytes(bytes, patternBytes(500000));
    else assertEquals(bytes.byteLength, response.contentLength);
  }),
  serviceCase("a range of a coded body is raw, or an error by name", async (service, { origin }) => {
    let bytes: Uint8Array;
    try {
      const response = await service.call(request(`${origin}/coded?status=206`));
      assertEquals([response.status, response.decoded], [206, false]);
      bytes = await response.bytes();
    } catch (error) {
      assert(error instanceof HttpError, `Not an HttpError: ${error}`);
      assertEquals([error.kind, error.detail?.tag], ["decode", "HTTP-response-content-coding"]);
      return;
    }
    assertEquals([bytes.byteLength, bytes[0], bytes[1]], [20, 0x1f, 0x8b]);
  }),
  serviceCase("a body that does not decode is raw, or an error by name", async (service, { origin }) => {
    let text: string;
    try {
      text = await (await service.call(request(`${origin}/coded?broken=1`))).text();
    } catch (error) {
      assert(error instanceof HttpError, `Not an HttpError: ${error}`);
      assertEquals([error.kind, error.detail?.tag], ["decode", "HTTP-response-content-coding"]);
      return;
    }
    assertEquals(text, "this is not compressed at all");
  }),
  serviceCase("an upgrade nobody asked for is an error", async (service, { origin }) => {
    await assertHttpError(service.call(request(`${origin}/switch`)), ["decode", "interrupted"]);
  }),
];
