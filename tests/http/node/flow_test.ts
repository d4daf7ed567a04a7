/** Bodies of NodeHttpConnector on their way: both directions at once, and no faster than they are read. */
import { strict as assert } from "node:assert";
import { get } from "../calls.ts";
import { answering, head, ok, rawServer } from "./servers.ts";
import { withService } from "./service.ts";

Deno.test("node: answers come while the request is still being sent", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("one");
    connection.socket.write(head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + "3\r\nuno\r\n");
    await connection.until("two");
    connection.socket.write("3\r\ndos\r\n0\r\n\r\n");
  });
  let push!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (push = controller) });
  push.enqueue(new TextEncoder().encode("one"));
  await withService({}, async (service) => {
    const response = await service.call(get(server.url, { method: "POST", body: { stream: body } }));
    const reader = response.body.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "uno");
    push.enqueue(new TextEncoder().encode("two"));
    assert.equal(new TextDecoder().decode((await reader.read()).value), "dos");
    push.close();
    assert.equal((await reader.read()).done, true);
  });
});

Deno.test("node: a response that nobody reads holds the server back", async () => {
  const piece = new Uint8Array(65536);
  let pushed = 0;
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(head("HTTP/1.1 200 OK", `content-length: ${1000 * piece.length}`));
    for (let i = 0; i < 1000; i++) {
      const flows = connection.socket.write(piece);
      pushed += piece.length;
      if (!flows) await new Promise((resolve) => connection.socket.once("drain", resolve));
    }
  });
  await withService({}, async (service) => {
    const response = await service.call(get(server.url));
    const reader = response.body.getReader();
    await reader.read();
    let before = -1;
    // Until the server makes no more progress: the kernel's buffers are full then.
    while (before !== pushed) {
      before = pushed;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert(pushed < 1000 * piece.length, "All of it was taken in without being read");
    let received = 0;
    reader.releaseLock();
    for await (const chunk of response.body) received += chunk.length;
    assert(received > 999 * piece.length);
  });
});

Deno.test("node: a server that does not read holds the request body back", async () => {
  let pulled = 0;
  const total = 400;
  await using server = await rawServer(async (connection) => {
    connection.socket.pause();
    await resumed;
    connection.socket.on("data", (chunk: Uint8Array) => {
      if (String.fromCharCode(...chunk.slice(-7)) === "\r\n0\r\n\r\n") connection.socket.write(ok());
    });
    connection.socket.resume();
  });
  let resume!: () => void;
  const resumed = new Promise<void>((resolve) => resume = resolve);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ < total) controller.enqueue(new Uint8Array(65536));
      else controller.close();
    },
  }, { highWaterMark: 0 });
  await withService({}, async (service) => {
    const call = service.call(get(server.url, { method: "PUT", body: { stream: body } }));
    let before = -1;
    while (before !== pulled || pulled === 0) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert(pulled < total, "All of it was read without being sent");
    resume();
    assert.equal(await (await call).text(), "ok");
  });
});

Deno.test("node: pieces of a body are plain arrays of their own", async () => {
  await using server = await answering(ok("hello"));
  await withService({}, async (service) => {
    const response = await service.call(get(server.url));
    for await (const piece of response.body) assert.equal(piece.constructor, Uint8Array);
    const bytes = await (await service.call(get(server.url))).bytes();
    assert.deepEqual([bytes.constructor, bytes.buffer.byteLength], [Uint8Array, 5]);
  });
});
