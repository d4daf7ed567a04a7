/** Writes under a condition that had to be sent again: one's own is told from another's of the same bytes. */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import type { HttpConnector } from "../../../../src/http/connector.ts";
import type { HttpRequest } from "../../../../src/http/service.ts";
import { getHeader } from "../../../../src/http/headers.ts";
import { AlreadyExistsError, NotFoundError, PreconditionError } from "../../../../src/store/error.ts";
import type { PutMode } from "../../../../src/store/types.ts";
import { S3Store, type S3StoreOptions } from "../../../../src/stores/s3/mod.ts";
import { MARKER_HEADER } from "../../../../src/stores/s3/put/marker.ts";
import { type Fault, FaultConnector, randomFaults } from "../../../../src/testing/fault_connector.ts";
import { failure } from "../fake/answers.ts";
import { FakeS3, type Hook, KEYS } from "../fake/s3.ts";
import { failing, open } from "../fake/store.ts";

/** The service does not do what it is asked. */
const LOST: Fault = { kind: "status", status: 503 };
/** The service does what it is asked, and the answer never arrives. */
const UNHEARD: Fault = { kind: "reset", side: "request", after: 1e9 };

/** A write under a condition: what must be there first, how it is made, by which request. */
interface Write {
  readonly name: string;
  readonly conflict: "AlreadyExistsError" | "PreconditionError";
  readonly options?: Partial<S3StoreOptions>;
  prepare(store: S3Store): Promise<unknown>;
  write(store: S3Store): Promise<unknown>;
  isWrite(request: HttpRequest): boolean;
}

const isPut = ({ method, url }: HttpRequest) => method === "PUT" && !url.includes("?");
const isCompletion = ({ method, url }: HttpRequest) => method === "POST" && url.includes("uploadId=");

async function upload(store: S3Store, mode: PutMode): Promise<void> {
  const upload = await store.putMultipart("target", { mode });
  try {
    await upload.putPart(new TextEncoder().encode("7"));
    await upload.complete();
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

const CREATE = { conflict: "AlreadyExistsError", prepare: () => Promise.resolve() } as const;
const UPDATE = {
  conflict: "PreconditionError",
  prepare: (store: S3Store) => store.put("target", "6"),
} as const;
const SIX = { update: { eTag: `"${createHash("md5").update("6").digest("hex")}"` } };
const COPY = {
  conflict: "AlreadyExistsError",
  // The source carries the marker of the put that made it, which says nothing about copies.
  prepare: (store: S3Store) => store.put("source", "7", { mode: "create" }),
  write: (store: S3Store) => store.copy("source", "target", { mode: "create" }),
} as const;

const WRITES: readonly Write[] = [
  {
    name: "a put in create mode",
    ...CREATE,
    write: (store) => store.put("target", "7", { mode: "create" }),
    isWrite: isPut,
  },
  {
    name: "a put in update mode",
    ...UPDATE,
    write: (store) => store.put("target", "7", { mode: SIX }),
    isWrite: isPut,
  },
  {
    name: "an upload in create mode",
    ...CREATE,
    write: (store) => upload(store, "create"),
    isWrite: isCompletion,
  },
  {
    name: "an upload in update mode",
    ...UPDATE,
    write: (store) => upload(store, SIX),
    isWrite: isCompletion,
  },
  {
    name: "a copy in create mode",
    ...COPY,
    isWrite: ({ headers }) => getHeader(headers, "x-amz-copy-source") !== undefined,
  },
  {
    name: "a copy by upload in create mode",
    ...COPY,
    options: { copyIfNotExists: "multipart" },
    isWrite: isCompletion,
  },
];

function storeOver(connector: HttpConnector, options: Partial<S3StoreOptions> = {}): S3Store {
  const client = { retry: { initBackoff: 1, maxBackoff: 2, maxRetries: 30, budget: false } } as const;
  return new S3Store({ bucket: "bucket", ...KEYS, connector, client, ...options });
}

/** A connector on which the first request that writes meets a fault. */
function faulty(service: FakeS3, isWrite: Write["isWrite"], fault: Fault): FaultConnector {
  let met = false;
  return new FaultConnector(service, (request) => {
    if (met || !isWrite(request)) return undefined;
    met = true;
    return fault;
  });
}

/** A hook that acts before the n-th arrival of a request that writes. */
function before(
  arrival: number,
  service: FakeS3,
  isWrite: Write["isWrite"],
  act: () => Promise<unknown>,
): Hook {
  let arrived = 0;
  return async (request) => {
    if (!isWrite(request) || ++arrived < arrival) return undefined;
    service.hook = undefined;
    await act();
    return undefined;
  };
}

for (const { name, conflict, options, prepare, write, isWrite } of WRITES) {
  Deno.test(`${name}: another's of the same bytes is not one's own`, async () => {
    const service = new FakeS3();
    const other = storeOver(service, options);
    const connector = faulty(service, isWrite, LOST);
    await prepare(other);
    service.hook = before(1, service, isWrite, () => write(other));
    const error = await failing(Promise.resolve(write(storeOver(connector, options))));
    assert.equal(error.name, conflict);
    assert.equal(connector.counts.status, 1);
    assert.equal(await (await other.get("target")).text(), "7");
    assert.equal(service.uploads.size, 0);
  });

  Deno.test(`${name}: one's own whose answer got lost is`, async () => {
    const service = new FakeS3();
    const connector = faulty(service, isWrite, UNHEARD);
    const store = storeOver(connector, options);
    await prepare(store);
    await write(store);
    assert.equal(connector.counts.reset, 1);
    assert.equal(await (await store.get("target")).text(), "7");
    assert.equal(service.uploads.size, 0);
  });

  Deno.test(`${name}: one's own that a connector sent twice without a word is`, async () => {
    const service = new FakeS3();
    const twice: HttpConnector = {
      connect: () => {
        const { call } = service.connect();
        return {
          call: async (request) => {
            if (isWrite(request)) await (await call(request)).cancel();
            return await call(request);
          },
        };
      },
    };
    await prepare(storeOver(service));
    await write(storeOver(twice, options));
    assert.equal(await (await storeOver(service).get("target")).text(), "7");
  });

  Deno.test(`${name}: one's own that another has written over is not`, async () => {
    const service = new FakeS3();
    const other = storeOver(service);
    const connector = faulty(service, isWrite, UNHEARD);
    await prepare(other);
    service.hook = before(2, service, isWrite, () => other.put("target", "8"));
    assert.equal((await failing(Promise.resolve(write(storeOver(connector, options))))).name, conflict);
    assert.equal(await (await other.get("target")).text(), "8");
  });
}

Deno.test("a handle carries the marker to another program", async () => {
  const service = new FakeS3();
  const id = JSON.parse(JSON.stringify(await storeOver(service).createMultipart("a", { mode: "create" })));
  const connector = faulty(service, isCompletion, UNHEARD);
  const store = storeOver(connector);
  const { upload } = await store.resumeMultipart("a", id);
  await upload.putPart(new Uint8Array(3));
  const { eTag } = await upload.complete();
  assert.equal(connector.counts.reset, 1);
  assert.equal((await store.head("a")).eTag, eTag);
});

Deno.test("the marker is sent on conditional writes alone, and shown to nobody", async () => {
  const { service, store } = open();
  const attributes = { contentType: "a/b", metadata: { key: "value" } };
  const { eTag } = await store.put("a", "1", { attributes });
  await store.copy("a", "b");
  await upload(store, "overwrite");
  assert.deepEqual(service.requests.filter(({ headers }) => getHeader(headers, MARKER_HEADER)), []);
  await store.put("a", "2", { attributes, mode: { update: { eTag } } });
  await store.put("c", "2", { mode: "create" });
  await store.copy("a", "d", { mode: "create" });
  await store.copy("c", "e");
  const markers = new Map(
    [...service.objects].map(([key, { headers }]) => [key, getHeader(headers, MARKER_HEADER)]),
  );
  for (const key of ["a", "c", "d"]) assert.match(markers.get(key)!, /^[0-9a-f]{32}$/);
  assert.notEqual(markers.get("a"), markers.get("d"), "a copy under a condition has a marker of its own");
  // As it proves of its own put alone that it was done, it does no harm there.
  assert.equal(markers.get("e"), markers.get("c"));
  for (const path of ["a", "d"]) {
    const got = await store.get(path);
    assert.deepEqual(got.attributes, attributes);
    await got.body.cancel();
    assert.deepEqual((await store.get(path, { head: true })).attributes, attributes);
  }
  assert.deepEqual((await store.get("c", { head: true })).attributes.metadata, undefined);
});

Deno.test("metadata of the marker's name is refused, in any case and mode", async () => {
  const { service, store } = open();
  for (const key of ["storeport-put", "Storeport-Put"]) {
    const attributes = { metadata: { [key]: "mine" } };
    for (const mode of ["overwrite", "create"] as const) {
      assert.match(
        (await failing(store.put("a", "", { attributes, mode }))).message,
        /marks its conditional writes by that name/,
      );
    }
    assert.match((await failing(store.putMultipart("a", { attributes }))).message, /marks its conditional/);
  }
  assert.equal(service.requests.length, 0);
});

Deno.test("a refusal stands, and says so, where the head of the object may not be read", async () => {
  const service = new FakeS3();
  const connector = faulty(service, isPut, UNHEARD);
  service.hook = ({ method }) => method === "HEAD" ? failure(403, "AccessDenied", [], "HEAD") : undefined;
  const error = await failing(storeOver(connector).put("a", "1", { mode: "create" }));
  assert.equal(error.name, "AlreadyExistsError");
  assert.match(error.message, /sent again, and whether the object that is there is from it cannot be told/);
});

Deno.test("a copy in create mode of a source that is replaced meanwhile takes the new one, attributes and all", async () => {
  const service = new FakeS3();
  const store = storeOver(service);
  await store.put("source", "old", { attributes: { contentType: "text/old" } });
  service.hook = async ({ headers }) => {
    if (getHeader(headers, "x-amz-copy-source") === undefined) return undefined;
    service.hook = undefined;
    await store.put("source", "new", { attributes: { contentType: "text/new" }, tags: { a: "b" } });
    return undefined;
  };
  await store.copy("source", "target", { mode: "create" });
  const got = await store.get("target");
  assert.deepEqual([await got.text(), got.attributes.contentType], ["new", "text/new"]);
  assert.deepEqual(await store.getTags("target"), { a: "b" });
});

Deno.test("writers that compare and swap through faults lose no increment", async () => {
  const service = new FakeS3();
  const chance = randomFaults({ seed: 3, refuse: 0.03, reset: 0.3, status: 0.1, maxOffset: 3 });
  const connector = new FaultConnector(service, chance);
  let succeeded = 0;
  const increment = async (store: S3Store) => {
    for (;;) {
      try {
        const found = await store.get("counter").catch((error) => {
          if (error instanceof NotFoundError) return undefined;
          throw error;
        });
        if (found === undefined) return await store.put("counter", "1", { mode: "create" });
        const { eTag } = found.meta;
        return await store.put("counter", `${Number(await found.text()) + 1}`, {
          mode: { update: { eTag } },
        });
      } catch (error) {
        if (!(error instanceof AlreadyExistsError || error instanceof PreconditionError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, async () => {
    const store = storeOver(connector);
    for (let i = 0; i < 40; i++) {
      await increment(store);
      succeeded++;
    }
  }));
  const counter = Number(await (await storeOver(service).get("counter")).text());
  // More is possible: one whose answer got lost, and that another has built upon since, counts as refused.
  assert.ok(counter >= succeeded, `${succeeded} increments succeeded, and only ${counter} are there`);
  assert.ok(connector.counts.reset > 50, JSON.stringify(connector.counts));
});
