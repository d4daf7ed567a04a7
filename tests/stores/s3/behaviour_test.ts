/** Refusals, redirects and lost answers that no real server can be asked for. */
import { strict as assert } from "node:assert";
import type { HttpRequest } from "../../../src/http/service.ts";
import { getHeader } from "../../../src/http/headers.ts";
import { cachedCredentials, type S3Credential, S3Store } from "../../../src/stores/s3/mod.ts";
import { answer, failure } from "./fake/answers.ts";
import { type Hook, KEYS } from "./fake/s3.ts";
import { failing, first, interrupted, open } from "./fake/store.ts";

function hours(count: number): number {
  return count * 3_600_000;
}

Deno.test("500s are tried again, whatever the operation", async () => {
  let refused = 0;
  const { store } = open((_, { index }) =>
    index % 2 === 0 && ++refused > 0 ? failure(500, "InternalError") : undefined
  );
  await store.put("a", "1");
  assert.equal(await (await store.get("a")).text(), "1");
  await store.copy("a", "b");
  const upload = await store.putMultipart("c");
  await upload.putPart(new Uint8Array(10));
  await upload.complete();
  for await (const outcome of store.deleteAll(["a", "b", "c"])) assert.ok(outcome.ok);
  assert.ok(refused >= 6, `${refused}`);
});

Deno.test("an error says what S3 said", async () => {
  const { store } = open(() => failure(403, "AccessDenied"));
  const error = await failing(store.get("a"));
  assert.equal(error.name, "PermissionDeniedError");
  assert.deepEqual([error.code, error.status, error.requestId, error.path], [
    "AccessDenied",
    403,
    "REQUEST1",
    "a",
  ]);
  assert.equal(error.details?.hostId, "HOST1");
  assert.match(error.message, /AccessDenied: Told by the fake/);
});

Deno.test("an error says what was tried before", async () => {
  const { store } = open(() => failure(503, "SlowDown"));
  for (const action of [() => store.get("a"), () => store.put("a", ""), () => store.copy("a", "b")]) {
    const error = await failing(action());
    const tried = /^4 retries in \d\.\d s, maxRetries 4 reached; failures: 5 × status 503$/;
    assert.match(error.details?.retries ?? "", tried);
    assert.ok(
      error.message.endsWith(`(SlowDown: Told by the fake); after ${error.details?.retries}`),
      error.message,
    );
    assert.equal(error.details?.hostId, "HOST1");
  }
  // What ends an operation at once has nothing to tell, whatever came before.
  const { store: other } = open(first(2, () => true, () => failure(500, "InternalError")));
  const error = await failing(other.get("a"));
  assert.deepEqual([error.name, error.details?.retries], ["NotFoundError", undefined]);
});

Deno.test("wrong keys are told from missing rights", async () => {
  const { store } = open(undefined, { accessKeyId: "AKIDWRONG" });
  assert.deepEqual([(await failing(store.get("a"))).name, (await failing(store.put("a", ""))).code], [
    "UnauthenticatedError",
    "InvalidAccessKeyId",
  ]);
  const { store: other } = open(undefined, { secretAccessKey: "wrong" });
  assert.equal((await failing(other.get("a"))).code, "SignatureDoesNotMatch");
  assert.equal((await failing(other.head("a"))).name, "PermissionDeniedError");
});

Deno.test("a missing bucket is not found, by every operation", async () => {
  const { store } = open(undefined, { bucket: "nobody" });
  const list = async () => {
    for await (const _ of store.list()) { /* none */ }
  };
  const actions = [
    () => store.get("a"),
    () => store.put("a", ""),
    list,
    () => store.listWithDelimiter(),
    () => store.copy("a", "b"),
    () => store.putMultipart("a"),
    () => store.put("a", "", { mode: { update: { eTag: '"x"' } } }),
  ];
  for (const action of actions) assert.equal((await failing(action())).name, "NotFoundError");
  for await (const outcome of store.deleteAll(["a", "b"])) {
    assert.ok(!outcome.ok && outcome.error.name === "NotFoundError" && outcome.error.path === outcome.path);
  }
});

Deno.test("a clock that is off is set by the service's, once", async () => {
  const hour = 3_600_000;
  for (const ahead of [hour, -hour]) {
    const { service, store } = open(undefined, {}, { now: () => Date.now() + ahead });
    await store.put("a", "1");
    assert.equal(service.requests.length, 2);
    await store.head("a");
    assert.equal(service.requests.length, 3);
    const { store: reader, service: other } = open(undefined, {}, { now: () => Date.now() + ahead });
    other.objects.set("a", [...service.objects.values()][0]!);
    assert.equal((await reader.head("a")).size, 1, "HEAD has no body to say so");
  }
});

Deno.test("credentials that have run out are fetched anew, once for all", async () => {
  let valid: S3Credential = { ...KEYS, accessKeyId: "AKID1", sessionToken: "token1" };
  let fetches = 0;
  const credentials = cachedCredentials(() => {
    fetches++;
    return Promise.resolve({ ...valid, expiration: new Date(Date.now() + hours(6)) });
  });
  const hook: Hook = (request) =>
    getHeader(request.headers, "x-amz-security-token") === valid.sessionToken
      ? undefined
      : failure(400, "ExpiredToken");
  const { store } = open(hook, { accessKeyId: undefined, secretAccessKey: undefined, credentials }, {
    keys: () => [valid],
  });
  await Promise.all(Array.from({ length: 8 }, (_, i) => store.put(`${i}`, "x")));
  assert.equal(fetches, 1);
  valid = { ...KEYS, accessKeyId: "AKID2", sessionToken: "token2" };
  await Promise.all(Array.from({ length: 8 }, (_, i) => store.put(`${i}`, "y")));
  assert.equal(fetches, 2);
});

Deno.test("a HEAD cannot say that credentials have run out: they are fetched anew, once", async () => {
  let valid: S3Credential = { ...KEYS, accessKeyId: "AKID1", sessionToken: "token1" };
  let fetches = 0;
  const credentials = () => {
    fetches++;
    return Promise.resolve({ ...valid, expiration: new Date(Date.now() + hours(6)) });
  };
  const hook: Hook = (request) =>
    getHeader(request.headers, "x-amz-security-token") === valid.sessionToken
      ? undefined
      : failure(400, "ExpiredToken", [], request.method);
  const { store, service } = open(hook, { accessKeyId: undefined, secretAccessKey: undefined, credentials }, {
    keys: () => [valid],
  });
  await store.put("a", "1");
  valid = { ...KEYS, accessKeyId: "AKID2", sessionToken: "token2" };
  assert.equal((await store.head("a")).size, 1);
  assert.equal(fetches, 2);
  // The reason is another one: an object that needs a customer's key, say.
  service.hook = () => failure(400, "", [], "HEAD");
  for (let i = 0; i < 5; i++) assert.equal((await failing(store.head("a"))).status, 400);
  assert.ok(fetches <= 3, `${fetches}`);
});

Deno.test("credentials that stay refused are an error, not a loop", async () => {
  const { service, store } = open(() => failure(400, "ExpiredToken"), {
    accessKeyId: undefined,
    secretAccessKey: undefined,
    credentials: () => Promise.resolve({ ...KEYS }),
  });
  const error = await failing(store.get("a"));
  assert.deepEqual([error.name, error.code, service.requests.length], [
    "UnauthenticatedError",
    "ExpiredToken",
    1,
  ]);
});

Deno.test("cached credentials are renewed before they end, by one fetch, and the old serve meanwhile", async () => {
  let now = 0;
  let fetches = 0;
  let broken = false;
  const provider = cachedCredentials(() => {
    fetches++;
    return broken ? Promise.reject(new Error("down")) : Promise.resolve({
      accessKeyId: `${fetches}`,
      secretAccessKey: "s",
      expiration: new Date(now + hours(1)),
    });
  }, { now: () => now });
  assert.deepEqual(
    await Promise.all([provider.get(), provider.get(), provider.get()]).then((all) =>
      all.map((c) => c!.accessKeyId)
    ),
    ["1", "1", "1"],
  );
  now = hours(1) - 301_000;
  assert.equal((await provider.get())!.accessKeyId, "1");
  now = hours(1) - 299_000;
  assert.equal((await provider.get())!.accessKeyId, "2");
  broken = true;
  now += hours(1) - 10_000;
  assert.equal((await provider.get())!.accessKeyId, "2", "still good");
  now += 20_000;
  await assert.rejects(async () => await provider.get(), /down/);
  broken = false;
  assert.equal((await provider.get())!.accessKeyId, "5");
});

Deno.test("who waits for credentials may leave; the others get them", async () => {
  let resolve!: (credential: S3Credential) => void;
  const provider = cachedCredentials(() => new Promise((done) => resolve = done));
  const controller = new AbortController();
  const leaving = provider.get(controller.signal);
  const staying = provider.get();
  controller.abort(new Error("left"));
  await assert.rejects(async () => await leaving, /left/);
  resolve({ accessKeyId: "a", secretAccessKey: "b" });
  assert.equal((await staying)!.accessKeyId, "a");
});

Deno.test("a region that turns out wrong is taken up, and the host with it", async () => {
  const { service, store } = open(undefined, {}, { region: "eu-west-1" });
  await store.put("a", "1");
  assert.deepEqual(service.requests.map(({ url }) => new URL(url).host), [
    "bucket.s3.us-east-1.amazonaws.com",
    "bucket.s3.eu-west-1.amazonaws.com",
  ]);
  await store.head("a");
  assert.equal(service.requests.length, 3);
  assert.match(await store.signedUrl("GET", "a", 60), /^https:\/\/bucket\.s3\.eu-west-1\..*eu-west-1%2Fs3/);
});

Deno.test("a redirect by 301 is followed once, with the region it names", async () => {
  for (const method of ["GET", "HEAD"]) {
    const { service, store } = open(
      (request) =>
        request.url.includes("us-east-1")
          ? failure(301, "PermanentRedirect", [["x-amz-bucket-region", "ap-south-1"]], method)
          : undefined,
      {},
      { region: "ap-south-1" },
    );
    const error = await failing(method === "GET" ? store.get("a") : store.head("a"));
    assert.deepEqual([error.name, service.requests.length], ["NotFoundError", 2]);
  }
  const { service, store } = open(() =>
    failure(301, "PermanentRedirect", [["x-amz-bucket-region", "ap-south-1"]])
  );
  const error = await failing(store.get("a"));
  assert.deepEqual([error.code, error.details?.region, service.requests.length], [
    "PermanentRedirect",
    "ap-south-1",
    2,
  ]);
  const { store: lost, service: nowhere } = open(() => failure(301, "PermanentRedirect"));
  assert.match((await failing(lost.get("a"))).message, /301/);
  assert.equal(nowhere.requests.length, 1);
});

Deno.test("website redirects are not followed", async () => {
  const { service, store } = open(() =>
    answer(302, "", [["location", "https://elsewhere.example/x?sig=secret"]])
  );
  const error = await failing(store.get("a"));
  assert.match(error.message, /redirect to https:\/\/elsewhere\.example\/x\?sig=REDACTED/);
  assert.equal(service.requests.length, 1);
});

Deno.test("a 200 that holds an error is one, and is tried again where that may help", async () => {
  const slow = "<?xml version='1.0'?>\n  <Error><Code>SlowDown</Code><Message>Later</Message></Error>";
  const hard = "<Error><Code>AccessDenied</Code><Message>No</Message></Error>";
  const copies = (request: HttpRequest) => getHeader(request.headers, "x-amz-copy-source") !== undefined;
  const { service, store } = open(first(2, copies, () => answer(200, slow)));
  await store.put("a", "1");
  await store.copy("a", "b");
  assert.equal(await (await store.get("b")).text(), "1");
  service.hook = first(1, copies, () => answer(200, hard));
  const error = await failing(store.copy("a", "c"));
  assert.deepEqual([error.name, error.code, error.status, error.requestId], [
    "PermissionDeniedError",
    "AccessDenied",
    200,
    "REQUEST1",
  ]);
  const completes = (request: HttpRequest) => request.method === "POST" && request.url.includes("uploadId");
  service.hook = first(1, completes, () => answer(200, `   \n\n${slow}`));
  const upload = await store.putMultipart("d");
  await upload.putPart(new Uint8Array(3));
  await upload.complete();
  service.hook = undefined;
  assert.equal((await store.head("d")).size, 3);
});

Deno.test("a completion whose answer got lost has happened", async () => {
  for (const mode of ["overwrite", "create"] as const) {
    const { service, store } = open();
    const upload = await store.putMultipart("a", { mode });
    await upload.putPart(new TextEncoder().encode("content"));
    const real = service.connect();
    let lost = 0;
    service.hook = first(1, (request) => request.method === "POST", async (request) => {
      service.hook = undefined;
      await (await real.call(request)).cancel();
      lost++;
      throw interrupted();
    });
    const { eTag } = await upload.complete();
    assert.equal(lost, 1);
    assert.equal(eTag, (await store.head("a")).eTag);
  }
});

Deno.test("a completion whose answer got lost has happened, also where ETags tell nothing", async () => {
  for (const [content, found] of [["content", true], ["contend", false]] as const) {
    const { service, store } = open();
    const upload = await store.putMultipart("a");
    await upload.putPart(new TextEncoder().encode("content"));
    const real = service.connect();
    service.hook = first(1, (request) => request.method === "POST", async (request) => {
      service.hook = undefined;
      await (await real.call(request)).cancel();
      if (!found) await store.put("a", content);
      service.objects.set("a", { ...service.objects.get("a")!, eTag: '"of-kms"' });
      throw interrupted();
    });
    if (found) assert.equal((await upload.complete()).eTag, '"of-kms"');
    else assert.equal((await failing(upload.complete())).name, "NotFoundError");
  }
});

Deno.test("a put under a condition whose answer got lost is found to be one's own", async () => {
  for (const lose of ["answer", "status"] as const) {
    const { service, store } = open();
    const real = service.connect();
    const losing = first(1, (request) => request.method === "PUT", async (request) => {
      const hook = service.hook;
      service.hook = undefined;
      await (await real.call(request)).cancel();
      service.hook = hook;
      if (lose === "status") return failure(503, "SlowDown");
      throw interrupted();
    });
    service.hook = losing;
    const created = await store.put("a", "mine", { mode: "create" });
    assert.equal(created.eTag, (await store.head("a")).eTag);
    service.hook = first(1, (request) => request.method === "PUT", async (request) => {
      service.hook = undefined;
      await (await real.call(request)).cancel();
      throw interrupted();
    });
    const updated = await store.put("a", "mine too", { mode: { update: created } });
    assert.equal(updated.eTag, (await store.head("a")).eTag);
  }
});

Deno.test("a put under a condition that another one won is a conflict, retries or not", async () => {
  const { service, store } = open();
  service.hook = first(1, (request) => request.method === "PUT", () => failure(503, "SlowDown"));
  const real = new S3Store({ bucket: "bucket", ...KEYS, connector: service });
  let other: Promise<unknown> | undefined;
  const hook = service.hook;
  service.hook = async (request, parts) => {
    const answered = await hook(request, parts);
    if (answered !== undefined) {
      service.hook = undefined;
      await (other = real.put("a", "theirs"));
    }
    return answered;
  };
  const error = await failing(store.put("a", "mine", { mode: "create" }));
  await other;
  assert.equal(error.name, "AlreadyExistsError");
  assert.equal(await (await store.get("a")).text(), "theirs");
});

Deno.test("writers that met (409) come again", async () => {
  const { service, store } = open(
    first(2, (request) => request.method === "PUT", () => failure(409, "ConditionalRequestConflict")),
  );
  const { eTag } = await store.put("a", "1", { mode: "create" });
  service.hook = first(
    2,
    (request) => request.method === "PUT",
    () => failure(409, "ConditionalRequestConflict"),
  );
  await store.put("a", "2", { mode: { update: { eTag } } });
  service.hook = () => failure(409, "ConditionalRequestConflict");
  assert.equal((await failing(store.put("b", "", { mode: "create" }))).name, "AlreadyExistsError");
  assert.equal((await failing(store.put("b", "", { mode: { update: { eTag } } }))).name, "PreconditionError");
});

Deno.test("a deletion whose answer got lost has happened", async () => {
  const { store, service } = open();
  await store.put("a", "1");
  const { eTag } = await store.head("a");
  const real = service.connect();
  service.hook = first(1, (request) => request.method === "DELETE", async (request) => {
    const hook = service.hook;
    service.hook = undefined;
    await (await real.call(request)).cancel();
    service.hook = hook === undefined ? undefined : first(1, () => true, () => failure(404, "NoSuchKey"));
    throw interrupted();
  });
  await store.delete("a", { ifMatch: eTag });
});
