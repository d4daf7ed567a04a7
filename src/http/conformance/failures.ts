/** Failures: each has the right kind, and reveals no secret. */
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { HttpError } from "../error.ts";
import type { HttpService } from "../service.ts";
import {
  assertGone,
  assertHttpError,
  type ConnectorCase,
  drain,
  freshId,
  request,
  serviceCase,
  timerCase,
} from "./context.ts";

/** Cases about failures and timers. */
export const failureCases: readonly ConnectorCase[] = [
  serviceCase("a refused connection is of kind connect", async (service, { refused }) => {
    await assertHttpError(service.call(request(refused)), "connect", "connection-refused");
  }),
  serviceCase("a name that does not exist is of kind connect", async (service) => {
    await assertHttpError(service.call(request("http://nowhere.invalid/")), "connect", [
      "DNS-error",
      "DNS-timeout",
    ]);
  }),
  serviceCase("errors hold no secrets of the URL", async (service, { refused, origin }) => {
    for (const url of [refused, `${origin}/close`]) await assertNoSecrets(service, url);
  }),
  serviceCase("errors about what is not HTTP hold no secrets of the URL", async (service, { origin }) => {
    await assertNoSecrets(service, `${origin}/garbage`);
  }),
  serviceCase("a reset before the head is of kind interrupted", async (service, { origin }) => {
    await assertHttpError(service.call(request(`${origin}/reset`)), "interrupted", "connection-terminated");
  }),
  serviceCase("a close before the head is of kind interrupted", async (service, { origin }) => {
    await assertHttpError(service.call(request(`${origin}/close`)), "interrupted", "connection-terminated");
  }),
  serviceCase("what is not HTTP is of kind decode", async (service, { origin }) => {
    await assertHttpError(service.call(request(`${origin}/garbage`)), "decode", "HTTP-protocol-error");
  }),
  serviceCase("a head of 2 MiB is of kind decode", async (service, { origin }) => {
    const get = request(`${origin}/big-head?size=${2 * 2 ** 20}`);
    await assertHttpError(service.call(get), "decode", "HTTP-response-header-section-size");
  }),
  ...["length", "chunked"].flatMap((framing) => [
    serviceCase(`bytes of a body cut short (${framing}) reject`, async (service, { origin }) => {
      const response = await service.call(request(`${origin}/truncated?framing=${framing}`));
      await assertHttpError(response.bytes(), "interrupted", "HTTP-response-incomplete");
    }),
    serviceCase(`the stream of a body cut short (${framing}) fails`, async (service, { origin }) => {
      const response = await service.call(request(`${origin}/truncated?framing=${framing}`));
      await assertHttpError(drain(response), "interrupted", "HTTP-response-incomplete");
    }),
  ]),
  serviceCase("a reset in the body is of kind interrupted", async (service, { origin }) => {
    const response = await service.call(request(`${origin}/reset-in-body`));
    await assertHttpError(response.bytes(), "interrupted", [
      "HTTP-response-incomplete",
      "connection-terminated",
    ]);
  }),
  serviceCase("bytes beyond the declared length are not delivered", async (service, { origin }) => {
    const reading = service.call(request(`${origin}/over-long`)).then((response) => response.text());
    try {
      assertEquals(await reading, "hello");
    } catch (error) {
      assert(error instanceof HttpError, `Neither the declared bytes nor an HttpError: ${error}`);
    }
  }),
  serviceCase("a chunk whose size is no number fails the body", async (service, { origin }) => {
    const reading = service.call(request(`${origin}/bad-chunk`)).then((response) => response.bytes());
    await assertHttpError(reading, ["decode", "interrupted"]);
  }),
  serviceCase("a service survives failures", async (service, { origin }) => {
    for (const path of ["/reset", "/garbage", "/truncated", "/bad-chunk"]) {
      await service.call(request(origin + path)).then((response) => response.bytes()).catch(() => {});
    }
    assertEquals(
      (await service.call(request(`${origin}/bytes?size=3`)).then((r) => r.bytes())).byteLength,
      3,
    );
  }),
  timerCase(
    "no head in time is of kind timeout, and the connection is closed",
    { connectTimeout: 200, firstByteTimeout: 100 },
    async (service, context) => {
      const id = freshId();
      const hanging = service.call(request(`${context.origin}/hang?id=${id}`));
      await assertHttpError(hanging, "timeout", "connection-read-timeout");
      await assertGone(context, id);
    },
  ),
  timerCase("the timers of a request go before those of the client", {}, async (service, context, ms) => {
    const id = freshId();
    const timeouts = { connectTimeout: ms(200), firstByteTimeout: ms(100) };
    const hanging = service.call(request(`${context.origin}/hang?id=${id}`, { timeouts }));
    await assertHttpError(hanging, "timeout", "connection-read-timeout");
    await assertGone(context, id);
  }),
  serviceCase(
    "timers that are off do not fire",
    async (service, { origin }) => {
      const response = await service.call(request(`${origin}/slow-head?ms=100`));
      assertEquals(await response.text(), "ok");
    },
    [],
    { connectTimeout: Infinity, firstByteTimeout: 0, readTimeout: Infinity, timeout: 0 },
  ),
  serviceCase(
    "timers beyond what setTimeout takes do not fire at once",
    async (service, { origin }) => {
      const response = await service.call(request(`${origin}/slow-head?ms=50`));
      assertEquals(await response.text(), "ok");
    },
    [],
    { connectTimeout: 1e12, firstByteTimeout: Number.MAX_SAFE_INTEGER, readTimeout: 1e15, timeout: 2 ** 40 },
  ),
  ...["stream", "bytes", "text"].map((way) =>
    serviceCase(
      `a body that pauses too long fails (${way})`,
      async (service, context) => {
        const id = freshId();
        const response = await service.call(request(`${context.origin}/stall?id=${id}&after=10`));
        const reading = way === "stream"
          ? drain(response)
          : way === "bytes"
          ? response.bytes()
          : response.text();
        await assertHttpError(reading, "timeout", "connection-read-timeout");
        await assertGone(context, id);
      },
      [],
      { readTimeout: 100 },
    )
  ),
  timerCase(
    "the read timer starts anew with each piece",
    { readTimeout: 900 },
    async (service, { origin }, ms) => {
      const url = `${origin}/trickle?pieces=12&ms=${ms(100)}`;
      assertEquals((await (await service.call(request(url))).bytes()).byteLength, 120);
      assertEquals((await drain(await service.call(request(url)))).byteLength, 120);
    },
  ),
  timerCase(
    "the read timer does not run while nobody waits",
    { readTimeout: 250 },
    async (service, { origin }, ms) => {
      const response = await service.call(request(`${origin}/trickle?pieces=3&ms=1`));
      const reader = response.body.getReader();
      let length = (await reader.read()).value!.byteLength;
      await new Promise((resolve) => setTimeout(resolve, ms(500)));
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        length += next.value.byteLength;
      }
      assertEquals(length, 30);
    },
  ),
  ...["/hang", "/stall"].map((path) =>
    serviceCase(
      `the timer of the whole request covers ${path === "/hang" ? "the head" : "the body"}`,
      async (service, context) => {
        const id = freshId();
        const reading = service.call(request(`${context.origin}${path}?id=${id}`)).then((r) => r.bytes());
        await assertHttpError(reading, "timeout", "HTTP-response-timeout");
        await assertGone(context, id);
      },
      [],
      { timeout: 300 },
    )
  ),
  timerCase(
    "sending a body does not count as waiting for the head",
    { connectTimeout: 450, firstByteTimeout: 450 },
    async (service, { origin }, ms) => {
      let step = 0;
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, ms(100)));
          if (step++ < 12) controller.enqueue(new Uint8Array(10));
          else controller.close();
        },
      });
      const response = await service.call(request(`${origin}/echo`, { method: "PUT", body: { stream } }));
      assertEquals(JSON.parse(await response.text()).length, 120);
    },
  ),
];

/** Fails unless a request to `url` does, with an error that names it and holds no secrets of its query. */
async function assertNoSecrets(service: HttpService, url: string): Promise<void> {
  const query = "?X-Amz-Signature=hunter2&sig=hunter2&x=shown";
  const error = await assertRejects(() => service.call(request(url + query)), HttpError);
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    assert(!`${link.message}${link.stack}`.includes("hunter2"), `A secret is in "${link.message}"`);
  }
  assert(error.message.includes("GET"), `"${error.message}" names what failed`);
}
