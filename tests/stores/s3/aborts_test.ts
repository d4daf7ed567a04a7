/**
 * Operations that are given up at each of their requests, heeded or not: they end with the signal's reason, and leave
 * no upload behind.
 */
import { strict as assert } from "node:assert";
import type { HttpResponse } from "../../../src/http/service.ts";
import type { S3Store } from "../../../src/stores/s3/mod.ts";
import { answer } from "./fake/answers.ts";
import { open } from "./fake/store.ts";

const MIB = 1024 * 1024;

/** Each begins an upload, and ends it. */
const OPERATIONS: Readonly<Record<string, (store: S3Store, signal: AbortSignal) => Promise<unknown>>> = {
  "a put of a stream": (store, signal) => store.put("a", stream(), { signal }),
  "a put of a stream in create mode": (store, signal) => store.put("a", stream(), { signal, mode: "create" }),
  "a put of bytes": (store, signal) => store.put("a", new Uint8Array(3 * MIB), { signal }),
  "a copy in parts": (store, signal) => store.copy("source", "a", { signal }),
  "a copy in parts in create mode": (store, signal) => store.copy("source", "a", { signal, mode: "create" }),
  "a writer": async (store, signal) => {
    const writer = store.writer("a", { signal, partSize: MIB });
    await stream().pipeTo(writer).catch(() => {});
    await writer.result;
  },
};

function stream(): ReadableStream<Uint8Array> {
  return new Blob([new Uint8Array(3 * MIB)]).stream();
}

for (const [name, run] of Object.entries(OPERATIONS)) {
  Deno.test(`${name} is given up at any request`, async () => {
    let requests = Infinity;
    for (let at = 0; at < requests; at++) {
      for (const heeded of [false, true]) {
        const { service, store } = open(undefined, {
          putThreshold: MIB,
          copyThreshold: MIB,
          copyPartSize: MIB,
        });
        if (name.includes("copy")) await putWhole(store);
        const before = service.requests.length;
        const controller = new AbortController();
        const reason = new Error("given up");
        const real = service.connect();
        let seen = 0;
        service.hook = async (request, { index }): Promise<HttpResponse | undefined> => {
          // It takes its time, as a network does: who was told of the end may leave.
          if (request.method === "DELETE") await new Promise((resolve) => setTimeout(resolve, 20));
          seen = Math.max(seen, index - before + 1);
          if (index - before !== at) return undefined;
          const { hook } = service;
          const giveUp = () => void setTimeout(() => controller.abort(reason), 1);
          if (heeded) {
            service.hook = undefined;
            const answer = await real.call({ ...request, signal: undefined });
            service.hook = hook;
            giveUp();
            // The answer that names an upload is on its way, and waited for: the upload is not known otherwise.
            if (request.url.includes("uploads=")) {
              await new Promise((resolve) => setTimeout(resolve, 10));
              return answer;
            }
            await answer.cancel();
          } else giveUp();
          return await new Promise((_, reject) => {
            request.signal?.addEventListener("abort", () => reject(request.signal!.reason), { once: true });
          });
        };
        const outcome = await run(store, controller.signal).then(() => "done", (error) => error);
        if (at >= seen) {
          requests = at;
          assert.equal(outcome, "done");
        } else assert.equal(outcome, reason, `request ${at}, ${heeded ? "heeded" : "not heeded"}`);
        assert.deepEqual(
          [...service.uploads.keys()],
          [],
          `request ${at}, ${heeded ? "heeded" : "not heeded"}`,
        );
      }
    }
    assert.ok(requests >= 3, `${requests}`);
  });
}

Deno.test("an upload that is given up is not asked for again", async () => {
  // In the pause after a refusal, with none to wait for; and while the answer comes, which is a refusal then.
  for (const during of ["pause", "attempt"]) {
    const reason = new Error("given up");
    const controller = new AbortController();
    // Far shorter than the time that an answer is waited for.
    const client = { retry: { initBackoff: 200, maxBackoff: 200, maxRetries: 4 } };
    const { service, store } = open(async () => {
      const giveUp = () => controller.abort(reason);
      if (during === "pause") setTimeout(giveUp, 20);
      else {
        giveUp();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return answer(503, "<Error><Code>SlowDown</Code></Error>");
    }, { client });
    await assert.rejects(store.putMultipart("a", { signal: controller.signal }), (error) => error === reason);
    assert.equal(service.requests.length, 1, during);
  }
});

async function putWhole(store: S3Store): Promise<void> {
  const upload = await store.putMultipart("source");
  await upload.putPart(new Uint8Array(3 * MIB));
  await upload.complete();
}

Deno.test("a put whose stream says nothing for long is given up, and its upload is gone when that is told", async () => {
  const { service, store } = open(undefined, { putThreshold: MIB });
  service.hook = async ({ method }) => {
    if (method === "DELETE") await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  };
  for (const broken of [undefined, new Error("the source broke")]) {
    const controller = new AbortController();
    let left = 20;
    let begun!: () => void;
    const uploading = new Promise<void>((resolve) => begun = resolve);
    const source = new ReadableStream<Uint8Array>({
      async pull(stream) {
        if (left-- > 0) return stream.enqueue(new Uint8Array(MIB / 8));
        begun();
        if (broken === undefined) await new Promise(() => {});
        else stream.error(broken);
      },
    });
    const put = store.put("a", source, { signal: controller.signal });
    put.catch(() => {});
    await uploading;
    while (service.uploads.size === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const reason = new Error("given up");
    if (broken === undefined) controller.abort(reason);
    await assert.rejects(put, broken === undefined ? reason : /the source broke/);
    assert.deepEqual([...service.uploads.keys()], []);
  }
});
