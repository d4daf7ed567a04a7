/** Streams of known length that go out by one request: when, how, and what becomes of them where something fails. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import type { HttpRequest } from "../../../../src/http/service.ts";
import { getHeader } from "../../../../src/http/headers.ts";
import { S3Store, type S3StoreOptions } from "../../../../src/stores/s3/mod.ts";
import { defineProvider } from "../../../../src/stores/s3/endpoint/provider.ts";
import { FaultConnector, scriptedFaults } from "../../../../src/testing/fault_connector.ts";
import { failure } from "../fake/answers.ts";
import { FakeS3, type FakeS3Options, KEYS } from "../fake/s3.ts";
import { failing, first } from "../fake/store.ts";
import { pattern } from "../workload.ts";

const MIB = 1024 * 1024;
/** More than is held in memory to be sent again. */
const LARGE = pattern(1, 17 * MIB);
/** A service that heeds conditions of puts, not of uploads. */
const PROVIDER = { name: "own", payloadChunks: "trailer", create: true, update: true } as const;

function open(
  options: Partial<S3StoreOptions> = {},
  fake: FakeS3Options = {},
): { readonly service: FakeS3; readonly store: S3Store } {
  const service = new FakeS3(fake);
  return { service, store: over(service, options) };
}

function over(connector: S3StoreOptions["connector"], options: Partial<S3StoreOptions> = {}): S3Store {
  return new S3Store({
    bucket: "bucket",
    endpoint: "https://s3.example",
    provider: defineProvider({ ...PROVIDER, checksum: "crc64nvme" }),
    ...KEYS,
    connector,
    client: { allowHttp: true, retry: { initBackoff: 1, maxBackoff: 2 } },
    ...options,
  });
}

/** A stream that tells how far it was read, and whether it was given up. */
function watched(bytes = LARGE, fail?: Error) {
  const seen = { read: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (seen.read >= bytes.length) return fail === undefined ? controller.close() : controller.error(fail);
      controller.enqueue(bytes.slice(seen.read, seen.read += 100_000));
    },
    cancel: () => void (seen.cancelled = true),
  }, { highWaterMark: 0 });
  return { stream, seen };
}

const puts = (service: FakeS3) => service.requests.filter(({ method }) => method === "PUT");
const headersOf = ({ headers }: HttpRequest) => Object.fromEntries(headers);
const size = LARGE.length;

Deno.test("a stream under a condition that no upload heeds goes out as it is read", async () => {
  const { service, store } = open();
  const progress: number[] = [];
  await store.put("a", watched().stream, {
    size,
    mode: "create",
    onProgress: ({ transferred, total }) => {
      assert.equal(total, size);
      progress.push(transferred);
    },
  });
  assert.deepEqual(service.requests.map(({ method }) => method), ["HEAD", "PUT"]);
  const sent = headersOf(puts(service)[0]!);
  assert.equal(sent["x-amz-content-sha256"], "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  assert.equal(sent["x-amz-trailer"], "x-amz-checksum-crc64nvme");
  assert.equal(sent["if-none-match"], "*");
  assert.ok("stream" in puts(service)[0]!.body!);
  assert.ok(progress.length > 100 && progress.at(-1) === size);
  assert.ok(Buffer.compare(await (await store.get("a")).bytes(), LARGE) === 0);
});

Deno.test("how the payload is protected depends on TLS, the service and what is asked for", async () => {
  const http = { endpoint: "http://s3.example" };
  const signing = { provider: defineProvider({ ...PROVIDER, payloadChunks: "signed" }) };
  const cases: readonly (readonly [Partial<S3StoreOptions>, string])[] = [
    [http, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"],
    [{ ...http, checksumAlgorithm: "none" }, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
    [signing, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
    [{ ...signing, checksumAlgorithm: "sha256" }, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
    [{ unsignedPayload: false }, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"],
    [{ ...http, unsignedPayload: true }, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
    [{ ...http, unsignedPayload: true, checksumAlgorithm: "none" }, "UNSIGNED-PAYLOAD"],
  ];
  for (const [options, expected] of cases) {
    const { service, store } = open(options);
    await store.put("a", watched().stream, { size, mode: "create" });
    const [put] = puts(service);
    assert.equal(getHeader(put!.headers, "x-amz-content-sha256"), expected);
    assert.equal(
      "stream" in put!.body! && put!.body.length,
      expected === "UNSIGNED-PAYLOAD" ? size : undefined,
    );
    assert.equal(service.objects.get("a")!.bytes.length, size);
  }
});

Deno.test("other streams are kept in memory, or go in parts", async () => {
  const streamed = async (options: Partial<S3StoreOptions>, put: (store: S3Store) => Promise<unknown>) => {
    const { service, store } = open(options);
    await put(store);
    return puts(service).some(({ body }) => body !== undefined && "stream" in body);
  };
  const create = (store: S3Store) => store.put("a", watched().stream, { size, mode: "create" });
  const overwrite = (store: S3Store) => store.put("a", watched().stream, { size });
  assert.equal(await streamed({}, create), true);
  assert.equal(await streamed({}, overwrite), false);
  assert.equal(await streamed({ putThreshold: 20 * MIB }, overwrite), true);
  assert.equal(await streamed({ putThreshold: 16.5 * MIB }, overwrite), false);
  // Nobody said how long it is.
  assert.equal(await streamed({}, (store) => store.put("a", watched().stream, { mode: "create" })), false);
  const small = LARGE.subarray(0, MIB);
  assert.equal(
    await streamed({}, (store) => store.put("a", watched(small).stream, { size: MIB, mode: "create" })),
    false,
  );
  assert.equal(await streamed({ skipSignature: true }, create), false);
  assert.equal(
    await streamed({ provider: defineProvider({ ...PROVIDER, payloadChunks: "none" }) }, create),
    false,
  );
  assert.equal(await streamed({ provider: "aws", endpoint: undefined }, create), false, "an upload heeds it");
});

Deno.test("a condition that does not hold is found out before anything is read", async () => {
  const { service, store } = open();
  const { eTag } = await store.put("a", "1");
  const refused = [
    ["create", "AlreadyExistsError"],
    [{ update: { eTag: '"other"' } }, "PreconditionError"],
  ] as const;
  for (const [mode, name] of refused) {
    const { stream, seen } = watched();
    assert.equal((await failing(store.put("a", stream, { size, mode }))).name, name);
    assert.deepEqual(seen, { read: 0, cancelled: true });
  }
  assert.equal(
    (await failing(store.put("b", watched().stream, { size, mode: { update: { eTag } } }))).name,
    "PreconditionError",
  );
  assert.equal(puts(service).length, 1);
  await store.put("a", watched().stream, { size, mode: { update: { eTag } } });
  assert.equal((await store.head("a")).size, size);
});

Deno.test("a condition that fails while the stream is under way is a conflict", async () => {
  const { service, store } = open();
  service.hook = async (request) => {
    if (request.method !== "PUT") return undefined;
    service.hook = undefined;
    await over(service).put("a", "theirs");
    return undefined;
  };
  assert.equal(
    (await failing(store.put("a", watched().stream, { size, mode: "create" }))).name,
    "AlreadyExistsError",
  );
  assert.equal(await (await store.get("a")).text(), "theirs");
});

Deno.test("clock, region and missing rights to read are found out before the stream is under way", async () => {
  const late = open({}, { now: () => Date.now() + 3_600_000 });
  await late.store.put("a", watched().stream, { size, mode: "create" });
  assert.deepEqual(late.service.requests.map(({ method }) => method), ["HEAD", "HEAD", "PUT"]);
  const moved = open({}, { region: "eu-west-1" });
  await moved.store.put("a", watched().stream, { size, mode: "create" });
  const blind = open();
  blind.service.hook = ({ method }) =>
    method === "HEAD" ? failure(403, "AccessDenied", [], method) : undefined;
  await blind.store.put("a", watched().stream, { size, mode: "create" });
  assert.equal(blind.service.objects.get("a")!.bytes.length, size);
});

Deno.test("a Blob is sent again after a failure, a stream is not", async () => {
  const faults = () =>
    scriptedFaults([
      undefined,
      { kind: "reset", side: "request", after: 3 * MIB },
      { kind: "status", status: 503 },
    ]);
  const service = new FakeS3();
  const connector = new FaultConnector(service, faults());
  await over(connector).put("a", new Blob([LARGE]), { mode: "create" });
  assert.deepEqual([connector.counts.reset, connector.counts.status], [1, 1]);
  assert.ok(Buffer.compare(service.objects.get("a")!.bytes, LARGE) === 0);

  // Where it met another writer it finds out who was first.
  service.hook = first(1, ({ method }) => method === "PUT", () => failure(409, "ConditionalRequestConflict"));
  await over(service).put("c", new Blob([LARGE]), { mode: "create" });
  assert.ok(Buffer.compare(service.objects.get("c")!.bytes, LARGE) === 0);

  const { stream, seen } = watched();
  const error = await failing(
    over(new FaultConnector(service, faults())).put("b", stream, { size, mode: "create" }),
  );
  assert.match(error.message, /connection reset/);
  assert.ok(seen.cancelled && seen.read < 8 * MIB);
  assert.equal(service.objects.has("b"), false);
});

Deno.test("a stream whose answer got lost is found to be one's own", async () => {
  const service = new FakeS3();
  const unheard = scriptedFaults([undefined, { kind: "reset", side: "request", after: 1e9 }]);
  const { eTag } = await over(new FaultConnector(service, unheard)).put("a", watched().stream, {
    size,
    mode: "create",
  });
  assert.equal(eTag, service.objects.get("a")!.eTag);
});

Deno.test("a stream that fails, or is not as long as was said, leaves nothing", async () => {
  const { service, store } = open();
  const torn = await failing(
    store.put("a", watched(LARGE, new Error("torn")).stream, { size: size + 1, mode: "create" }),
  );
  assert.match(String(torn.cause ?? torn), /torn/);
  for (const [wrong, said] of [[size + 1, /it ended at/], [size - 1, /it is longer/]] as const) {
    const error = await failing(store.put("a", watched().stream, { size: wrong, mode: "create" }));
    assert.match(error.message, said);
  }
  assert.equal(service.objects.size, 0);
});

Deno.test("a stream is given up with the signal's reason", async () => {
  const { service, store } = open();
  const { stream, seen } = watched();
  const abort = new AbortController();
  await assert.rejects(
    store.put("a", stream, {
      size,
      mode: "create",
      signal: abort.signal,
      onProgress: ({ transferred }) => {
        if (transferred > MIB) abort.abort("enough");
      },
    }),
    (reason) => reason === "enough",
  );
  assert.ok(seen.cancelled);
  assert.equal(service.objects.size, 0);
});

Deno.test("the object's own coding stands after that of the chunks", async () => {
  const { service, store } = open();
  const attributes = { contentEncoding: "gzip", metadata: { a: "b" } };
  await store.put("a", watched().stream, { size, mode: "create", attributes });
  assert.equal(getHeader(puts(service)[0]!.headers, "content-encoding"), "aws-chunked,gzip");
  const got = await store.get("a", { head: true });
  assert.deepEqual([got.attributes.contentEncoding, got.attributes.metadata], ["gzip", { a: "b" }]);
});
