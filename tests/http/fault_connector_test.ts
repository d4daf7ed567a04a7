// FaultConnector over a connector that answers from memory, and over real sockets.
import { strict as assert } from "node:assert";
import type { HttpConnector } from "../../src/http/connector.ts";
import type { HttpRequest, HttpResponse } from "../../src/http/service.ts";
import { HttpError } from "../../src/http/error.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { getHeader } from "../../src/http/headers.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { patternBytes } from "../../src/http/conformance/pattern.ts";
import {
  type Fault,
  FaultConnector,
  type FaultPlan,
  randomFaults,
  scriptedFaults,
} from "../../src/testing/fault_connector.ts";
import { type Origin, startOrigin } from "../../src/testing/origin_node.ts";
import { failure } from "./calls.ts";

const CONNECTORS: readonly (readonly [string, HttpConnector])[] = [
  ["FetchConnector", new FetchConnector()],
  ["NodeHttpConnector", new NodeHttpConnector()],
];

function faulty(
  name: string,
  plan: () => FaultPlan,
  run: (
    call: (request: Partial<HttpRequest>) => Promise<HttpResponse>,
    faults: FaultConnector,
    origin: Origin,
  ) => Promise<void>,
): void {
  for (const [inner, connector] of CONNECTORS) {
    Deno.test(`FaultConnector over ${inner}: ${name}`, async () => {
      const origin = await startOrigin();
      const faults = new FaultConnector(connector, plan());
      const service = faults.connect({ readTimeout: 100, connectTimeout: 50, firstByteTimeout: 50 });
      try {
        await run(
          (request) =>
            service.call({ method: "GET", url: `${origin.url}/bytes?size=1000`, headers: [], ...request }),
          faults,
          origin,
        );
      } finally {
        service.close?.();
        await origin.close();
      }
    });
  }
}

const script = (...faults: (Fault | undefined)[]) => () => scriptedFaults(faults);

faulty("refuse", script({ kind: "refuse" }), async (call, faults, origin) => {
  const error = await failure(call({ url: `${origin.url}/bytes?size=1&sig=hunter2` }));
  assert.deepEqual([error.kind, error.detail?.tag], ["connect", "connection-refused"]);
  assert(!error.message.includes("hunter2"));
  assert.equal(origin.connections, 0);
  assert.equal((await (await call({})).bytes()).byteLength, 1000);
  assert.deepEqual([faults.counts.requests, faults.counts.refuse, faults.counts.passed], [2, 1, 1]);
});

faulty(
  "status",
  script({ kind: "status", status: 503, retryAfter: "7" }, { kind: "status", status: 429 }),
  async (call, faults, origin) => {
    const first = await call({});
    assert.deepEqual([first.status, getHeader(first.headers, "retry-after")], [503, "7"]);
    assert.equal((await first.bytes()).byteLength, first.contentLength);
    const second = await call({});
    assert.deepEqual([second.status, getHeader(second.headers, "retry-after")], [429, undefined]);
    await second.cancel();
    assert.deepEqual([faults.counts.status, origin.connections], [2, 0]);
  },
);

for (
  const [kind, tag] of [["reset", "connection-terminated"], ["truncate", "HTTP-response-incomplete"]] as const
) {
  for (const after of [0, 1, 500, 999, 1000, 10 ** 9]) {
    const fault: Fault = kind === "reset" ? { kind, side: "response", after } : { kind, after };
    faulty(
      `${kind} after ${after} bytes of the response`,
      script(fault, fault),
      async (call, faults, origin) => {
        for (const framing of ["length", "chunked"]) {
          const response = await call({ url: `${origin.url}/bytes?size=1000&framing=${framing}` });
          let length = 0;
          const error = await failure((async () => {
            for await (const piece of response.body) length += piece.byteLength;
          })());
          assert.deepEqual([error.kind, error.detail?.tag], ["interrupted", tag]);
          assert.equal(length, Math.min(after, framing === "length" ? 999 : 1000));
        }
        assert.equal(faults.counts[kind], 2);
      },
    );
  }
}

faulty(
  "reset after some bytes of the request",
  script({ kind: "reset", side: "request", after: 70_000 }),
  async (call, faults, origin) => {
    const body = patternBytes(200_000);
    const error = await failure(call({ method: "PUT", url: `${origin.url}/echo?id=a`, body }));
    assert.deepEqual([error.kind, error.detail?.tag], ["interrupted", "connection-terminated"]);
    assert(!origin.seen("a").whole);
    assert.equal(faults.counts.reset, 1);
  },
);

faulty(
  "a reset after a whole request loses the answer, not the request",
  script({ kind: "reset", side: "request", after: 10 }),
  async (call, _faults, origin) => {
    const error = await failure(
      call({ method: "PUT", url: `${origin.url}/echo?id=a`, body: new Uint8Array(10) }),
    );
    assert.equal(error.kind, "interrupted");
    assert(origin.seen("a").whole);
  },
);

faulty("stall before the head", script({ kind: "stall" }, { kind: "stall" }), async (call) => {
  const error = await failure(call({}));
  assert.deepEqual([error.kind, error.detail?.tag], ["timeout", "connection-read-timeout"]);
  const reason = new Error("mine");
  await assert.rejects(call({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
});

faulty(
  "stall in the body",
  script({ kind: "stall", after: 10 }, { kind: "stall", after: 10 }),
  async (call, faults) => {
    const error = await failure((await call({})).bytes());
    assert.deepEqual([error.kind, error.detail?.tag], ["timeout", "connection-read-timeout"]);
    const abort = new AbortController();
    const response = await call({ signal: abort.signal, timeouts: { readTimeout: 0 } });
    const reader = response.body.getReader();
    assert.equal((await reader.read()).value?.byteLength, 10);
    const reading = reader.read();
    const reason = new Error("mine");
    abort.abort(reason);
    await assert.rejects(reading, (error) => error === reason);
    assert.equal(faults.counts.stall, 2);
  },
);

faulty(
  "corrupt",
  script({ kind: "corrupt", at: 400 }, { kind: "corrupt", at: 10 ** 9 }),
  async (call, faults) => {
    const right = patternBytes(1000);
    for (const at of [400, 999]) {
      const wrong = await (await call({})).bytes();
      assert.deepEqual([...wrong.keys()].filter((i) => wrong[i] !== right[i]), [at]);
    }
    assert.equal(faults.counts.corrupt, 2);
  },
);

faulty("slow", script({ kind: "slow", delay: 1, pieceSize: 300 }), async (call, faults) => {
  const lengths: number[] = [];
  for await (const piece of (await call({})).body) lengths.push(piece.byteLength);
  assert.equal(lengths.reduce((sum, length) => sum + length), 1000);
  assert(lengths.every((length) => length <= 300));
  assert.equal(faults.counts.slow, 1);
});

faulty(
  "responses without a body pass",
  script(...Array(3).fill({ kind: "truncate", after: 0 })),
  async (call, faults, origin) => {
    await call({ method: "HEAD" });
    await call({ url: `${origin.url}/status?code=204` });
    await call({ url: `${origin.url}/bytes?size=0` });
    assert.equal(faults.counts.truncate, 0);
  },
);

faulty(
  "random: every outcome is the right bytes or a typed error, and the service lives on",
  () =>
    randomFaults({
      seed: 7,
      refuse: 0.05,
      reset: 0.1,
      stall: 0.02,
      truncate: 0.1,
      status: 0.1,
      slow: 0.05,
      maxOffset: 2000,
    }),
  async (call, faults, origin) => {
    let right = 0, failed = 0, refused = 0;
    await Promise.all(Array.from({ length: 16 }, async (_, worker) => {
      for (let i = 0; i < 40; i++) {
        const size = (worker * 40 + i) * 7 % 5000;
        try {
          const response = await call({ url: `${origin.url}/bytes?size=${size}` });
          const bytes = await response.bytes();
          if (response.status === 503) refused++;
          else {
            assert.deepEqual(bytes, patternBytes(size));
            right++;
          }
        } catch (error) {
          assert(error instanceof HttpError, `Not an HttpError: ${error}`);
          failed++;
        }
      }
    }));
    assert.deepEqual([right + failed + refused, refused], [640, faults.counts.status]);
    assert(
      right > 300 && failed > 50 && refused > 20,
      `${right} right, ${failed} failed, ${refused} refused`,
    );
  },
);

Deno.test("random faults are the same for the same seed", () => {
  const request: HttpRequest = { method: "GET", url: "http://localhost/", headers: [] };
  const draw = (seed: number) => {
    const plan = randomFaults({
      seed,
      refuse: 0.1,
      reset: 0.2,
      stall: 0.1,
      truncate: 0.1,
      status: 0.1,
      corrupt: 0.1,
    });
    return Array.from({ length: 200 }, (_, i) => plan(request, i));
  };
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.equal(new Set(draw(3).map((fault) => fault?.kind)).size, 7);
});

Deno.test("random faults that are too likely are refused", () => {
  assert.throws(() => randomFaults({ refuse: 0.6, reset: 0.6 }), RangeError);
});
