/** URLs and forms that a store signs: with whose credentials. */
import { strict as assert } from "node:assert";
import { KEYS } from "../fake/s3.ts";
import { failing, open } from "../fake/store.ts";

Deno.test("URLs and forms are signed with the configured credentials, also where requests are not", async () => {
  const none = { accessKeyId: undefined, secretAccessKey: undefined };
  let fetches = 0;
  const credentials = () => {
    fetches++;
    return Promise.resolve({ ...KEYS });
  };
  for (const options of [{}, { ...none, credentials: KEYS }, { ...none, credentials }]) {
    const { store, service } = open(undefined, { ...options, skipSignature: true });
    for (const url of await store.signedUrls("GET", ["a", "b"], 60)) {
      assert.equal(new URL(url).searchParams.get("X-Amz-Credential")?.split("/")[0], KEYS.accessKeyId);
    }
    await store.signedUrl("PUT", "a", 60);
    const { fields } = await store.postPolicy("a", { expiresIn: 60 });
    assert.ok(fields.some(([name]) => name === "x-amz-signature"));
    await store.get("a").catch(() => {});
    assert.deepEqual(
      service.requests.map(({ headers }) => headers.some(([name]) => name === "authorization")),
      [
        false,
      ],
    );
  }
  assert.equal(fetches, 1);
});

Deno.test("without credentials nothing is signed", async () => {
  const { store } = open(undefined, {
    accessKeyId: undefined,
    secretAccessKey: undefined,
    skipSignature: true,
  });
  for (const signing of [store.signedUrl("GET", "a", 60), store.postPolicy("a", { expiresIn: 60 })]) {
    const error = await failing(signing);
    assert.equal(error.name, "ConfigurationError");
    assert.match(error.message, /the store has no credentials/);
  }
  const { store: half } = open(undefined, { secretAccessKey: undefined, skipSignature: true });
  assert.match((await failing(half.signedUrl("GET", "a", 60))).message, /belong together/);
});

Deno.test("a form is for one key, or for those below it, whatever the key", async () => {
  const { store } = open();
  const policyOf = async (path: string, keepFileName?: boolean) => {
    const { fields } = await store.postPolicy(path, { expiresIn: 60, keepFileName });
    return JSON.parse(atob(new Map(fields).get("policy")!)).conditions[1];
  };
  assert.deepEqual(await policyOf("a/$x"), { key: "a/$x" });
  assert.deepEqual(await policyOf("a", true), ["starts-with", "$key", "a/"]);
  for (const path of ["${filename}", "a/${filename}", "a${filename}b"]) {
    for (const keep of [false, true]) {
      const error = await failing(store.postPolicy(path, { expiresIn: 60, keepFileName: keep }));
      assert.deepEqual([error.name, error.path], ["InvalidPathError", path]);
    }
  }
});
