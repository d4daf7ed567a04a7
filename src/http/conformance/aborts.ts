/** Abort signals: they end everything at once, reach the socket, and their reason is what callers see. */
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import {
  assertGone,
  assertRejectsWith,
  type ConnectorCase,
  drain,
  endless,
  freshId,
  request,
  seenBy,
  serviceCase,
} from "./context.ts";

/** Cases about abort signals. */
export const abortCases: readonly ConnectorCase[] = [
  serviceCase("a signal that was aborted before sends nothing", async (service, context) => {
    const id = freshId();
    const reason = new Error("changed my mind");
    const { stream, cancelled } = endless(new Uint8Array(1));
    const signal = AbortSignal.abort(reason);
    await assertRejectsWith(
      service.call(request(`${context.origin}/hang?id=${id}`, { method: "PUT", body: { stream }, signal })),
      reason,
    );
    await cancelled;
    assert(!(await seenBy(context, id)).started, "The request was sent");
  }),
  serviceCase("aborting before the head closes the connection", async (service, context) => {
    const id = freshId();
    const abort = new AbortController();
    const reason = { not: "even an error" };
    const hanging = service.call(request(`${context.origin}/hang?id=${id}`, { signal: abort.signal }));
    const rejected = assertRejectsWith(hanging, reason);
    await seenBy(context, id, "&started=1");
    abort.abort(reason);
    await rejected;
    await assertGone(context, id);
  }),
  ...["bytes", "text", "stream"].map((way) =>
    serviceCase(
      `aborting while the body is read closes the connection (${way})`,
      async (service, context) => {
        const id = freshId();
        const abort = new AbortController();
        const reason = new Error("enough");
        const url = `${context.origin}/stall?id=${id}&after=10`;
        const response = await service.call(request(url, { signal: abort.signal }));
        const reading = way === "stream"
          ? drain(response)
          : way === "bytes"
          ? response.bytes()
          : response.text();
        const rejected = assertRejectsWith(reading, reason);
        abort.abort(reason);
        await rejected;
        await assertGone(context, id);
      },
    )
  ),
  serviceCase("aborting before the body is read closes the connection", async (service, context) => {
    const id = freshId();
    const abort = new AbortController();
    const reason = new Error("enough");
    const response = await service.call(
      request(`${context.origin}/stall?id=${id}&after=10`, { signal: abort.signal }),
    );
    abort.abort(reason);
    await assertGone(context, id);
    await assertRejectsWith(response.bytes(), reason);
  }),
  serviceCase("aborting while the request body is sent closes the connection", async (service, context) => {
    const id = freshId();
    const abort = new AbortController();
    const reason = new Error("enough");
    const { stream, cancelled } = endless(new Uint8Array(1000));
    const sending = service.call(
      request(`${context.origin}/echo?id=${id}`, { method: "PUT", body: { stream }, signal: abort.signal }),
    );
    const rejected = assertRejectsWith(sending, reason);
    await seenBy(context, id, "&received=1000");
    abort.abort(reason);
    await rejected;
    await cancelled;
    await assertGone(context, id);
    assert(!(await seenBy(context, id)).whole, "The server took the cut body for whole");
  }),
  serviceCase("aborting without a reason is an AbortError", async (service, { origin }) => {
    const abort = new AbortController();
    const hanging = assertRejects(
      service.call(request(`${origin}/hang`, { signal: abort.signal })),
      DOMException,
    );
    abort.abort();
    assertEquals((await hanging).name, "AbortError");
  }),
  serviceCase("a signal of a timer rejects with its own error", async (service, { origin }) => {
    const signal = AbortSignal.timeout(100);
    await assertRejects(service.call(request(`${origin}/hang`, { signal })), DOMException)
      .then((error) => assert(error === signal.reason && error.name === "TimeoutError", `Got ${error}`));
  }),
  serviceCase("aborting after the end does nothing", async (service, { origin }) => {
    const abort = new AbortController();
    const response = await service.call(request(`${origin}/bytes?size=10`, { signal: abort.signal }));
    assertEquals((await response.bytes()).byteLength, 10);
    abort.abort(new Error("too late"));
    assertEquals(await response.trailers, []);
    assertEquals((await (await service.call(request(`${origin}/bytes?size=10`))).bytes()).byteLength, 10);
  }),
  serviceCase("nothing stays attached to the signal", async (service, { origin, refused }) => {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners.add(args[1]), add(...args));
    signal.removeEventListener = (
      ...args: Parameters<typeof remove>
    ) => (listeners.delete(args[1]), remove(...args));
    await (await service.call(request(`${origin}/bytes?size=10`, { signal }))).bytes();
    await drain(await service.call(request(`${origin}/bytes?size=100000`, { signal })));
    await (await service.call(request(`${origin}/bytes?size=100000`, { signal }))).cancel();
    await service.call(request(`${origin}/status?code=204`, { signal }));
    await service.call(request(`${origin}/truncated`, { signal })).then((r) => r.bytes()).catch(() => {});
    await service.call(request(refused, { signal })).catch(() => {});
    await service.call(request(`${origin}/echo`, { method: "B AD", signal })).catch(() => {});
    assertEquals(listeners.size, 0);
  }),
  serviceCase("one signal aborts many requests, and the service lives on", async (service, context) => {
    const abort = new AbortController();
    const reason = new Error("all of you");
    const ids = Array.from({ length: 8 }, freshId);
    const hanging = ids.map((id, i) =>
      assertRejectsWith(
        service.call(
          request(`${context.origin}/${i % 2 ? "hang" : "stall"}?id=${id}`, { signal: abort.signal }),
        )
          .then((response) => response.bytes()),
        reason,
      )
    );
    for (const id of ids) await seenBy(context, id, "&started=1");
    abort.abort(reason);
    await Promise.all(hanging);
    for (const id of ids) await assertGone(context, id);
    const response = await service.call(request(`${context.origin}/bytes?size=10`));
    assertEquals((await response.bytes()).byteLength, 10);
  }),
];
