/**
 * Requests under a condition that meet each other: AWS answers 409 `ConditionalRequestConflict`, and asks for them
 * again.
 */
import { strict as assert } from "node:assert";
import type { HttpRequest } from "../../../src/http/service.ts";
import { getHeader } from "../../../src/http/headers.ts";
import { answer, failure } from "./fake/answers.ts";
import type { Hook } from "./fake/s3.ts";
import { failing, first, open } from "./fake/store.ts";

const conflict: Hook = () => failure(409, "ConditionalRequestConflict");
const isCopy = ({ headers }: HttpRequest) => getHeader(headers, "x-amz-copy-source") !== undefined;
const isCompletion = ({ method, url }: HttpRequest) => method === "POST" && url.includes("uploadId");

Deno.test("a copy in create mode that met another is made again", async () => {
  const inBody = '<?xml version="1.0"?><Error><Code>ConditionalRequestConflict</Code></Error>';
  for (const met of [conflict, () => answer(200, inBody)]) {
    const { service, store } = open(first(2, isCopy, met));
    await store.put("a", "1");
    await store.copy("a", "b", { mode: "create" });
    assert.equal(await (await store.get("b")).text(), "1");
    service.hook = (request, parts) => isCopy(request) ? conflict(request, parts) : undefined;
    assert.equal((await failing(store.copy("a", "c", { mode: "create" }))).name, "AlreadyExistsError");
  }
});

Deno.test("a completion that met another is asked for again", async () => {
  const { service, store } = open(first(2, isCompletion, conflict));
  const upload = await store.putMultipart("a", { mode: "create" });
  await upload.putPart(new Uint8Array(10));
  await upload.complete();
  assert.equal((await store.head("a")).size, 10);
  // The other was first, and took the upload with it.
  const second = await store.putMultipart("b", { mode: "create" });
  await second.putPart(new Uint8Array(10));
  service.hook = first(1, isCompletion, async (request, parts) => {
    service.objects.set("b", service.objects.get("a")!);
    service.uploads.clear();
    return await conflict(request, parts);
  });
  assert.equal((await failing(second.complete())).name, "AlreadyExistsError");
  await second.abort();
});

Deno.test("a deletion under a condition that met another is made again", async () => {
  const { service, store } = open(first(2, ({ method }) => method === "DELETE", conflict));
  const { eTag } = await store.put("a", "1");
  await store.delete("a", { ifMatch: eTag });
  assert.equal(service.objects.size, 0);
  // Gone by the other's deletion, not by this one, which was refused.
  const { eTag: again } = await store.put("b", "1");
  service.hook = first(1, ({ method }) => method === "DELETE", (request, parts) => {
    service.hook = () => failure(404, "NoSuchKey");
    return conflict(request, parts);
  });
  assert.equal((await failing(store.delete("b", { ifMatch: again }))).name, "NotFoundError");
});

Deno.test("keys of a bulk deletion that met another's are deleted again", async () => {
  const refusal =
    "<DeleteResult><Error><Key>a</Key><Code>ConditionalRequestConflict</Code><Message>m</Message></Error></DeleteResult>";
  const { service, store } = open(first(1, ({ method }) => method === "POST", () => answer(200, refusal)));
  await store.put("a", "1");
  for await (const outcome of store.deleteAll(["a", "b"])) assert.ok(outcome.ok);
  assert.equal(service.objects.size, 0);
});
