/** Signatures against known answers and against AWS's own signer. */
import { strict as assert } from "node:assert";
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import type { HeaderEntry } from "../../../../src/http/headers.ts";
import { presignUrl, signPostPolicy } from "../../../../src/stores/s3/signing/presign.ts";
import {
  EMPTY_PAYLOAD_HASH,
  signRequest,
  splitUrl,
  UNSIGNED_PAYLOAD,
} from "../../../../src/stores/s3/signing/sigv4.ts";
import { encodeQuery } from "../../../../src/stores/common/url.ts";
import { sha256Hex, signByWebCrypto } from "../../../../src/stores/s3/signing/sigv4_web.ts";

const credential = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

function signatureOf(headers: readonly HeaderEntry[]): string {
  return headers.find(([name]) => name === "authorization")![1].match(/Signature=(\w+)/)![1]!;
}

Deno.test("header signatures equal the known answers", () => {
  const ec2 = { region: "us-east-1", service: "ec2", credential, date: new Date("2022-08-06T18:01:34Z") };
  const request = { method: "GET", url: "https://ec2.amazon.com/", headers: [] as HeaderEntry[] };
  assert.equal(
    signatureOf(signRequest(request, { ...ec2, payloadHash: EMPTY_PAYLOAD_HASH })),
    "a3c787a7ed37f7fdfbfd2d7056a3d7c9d85e6d52a2bfbec73793c0be6e7862d4",
  );
  const payer = { ...request, headers: [["x-amz-request-payer", "requester"] as const] };
  assert.equal(
    signatureOf(signRequest(payer, { ...ec2, payloadHash: EMPTY_PAYLOAD_HASH })),
    "7030625a9e9b57ed2a40e63d749f4a4b7714b6e15004cab026152f870dd8565d",
  );
  assert.equal(
    signatureOf(signRequest(request, { ...ec2, payloadHash: UNSIGNED_PAYLOAD })),
    "653c3d8ea261fd826207df58bc2bb69fbb5003e9eb3c0ef06e4a51f2a81d8699",
  );
  const local = {
    method: "GET",
    url: "http://localhost:9000/tsm-schemas?delimiter=%2F&encoding-type=url&list-type=2&prefix=",
    headers: [],
  };
  assert.equal(
    signatureOf(signRequest(local, {
      region: "us-east-1",
      service: "s3",
      credential: {
        accessKeyId: "H20ABqCkLZID4rLe",
        secretAccessKey: "jMqRDgxSsBqqznfmddGdu1TmmZOJQxdM",
      },
      date: new Date("2022-08-09T13:05:25Z"),
      payloadHash: EMPTY_PAYLOAD_HASH,
    })),
    "9ebf2f92872066c99ac94e573b4e1b80f4dbb8a32b1e8e23178318746e7d1b4d",
  );
});

Deno.test("presigned URLs equal the known answers", () => {
  const url = "https://examplebucket.s3.amazonaws.com/test.txt";
  const options = {
    region: "us-east-1",
    service: "s3",
    credential,
    date: new Date("2013-05-24T00:00:00Z"),
    expiresIn: 86_400,
  };
  const cases: [string, string, Partial<Parameters<typeof presignUrl>[2]>][] = [
    ["GET", "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", {}],
    ["GET", "9ad7c781cc30121f199b47d35ed3528473e4375b63c5d91cd87c927803e4e00a", { requestPayer: true }],
    ["PUT", "4fb562e4da520986ae14e0e0259e2a2355625743452bb3c0ab8a6b50d8f0fcd4", {
      query: [["partNumber", "1"], ["uploadId", "abc123"]],
    }],
    ["PUT", "653d5b202899172830dfe331b817de16c682b8b1e366de1b251ae709a20e20f9", {
      signedHeaders: [["content-type", "text/plain"]],
    }],
    ["PUT", "e392940dfa4480f872625b35ef1224bfa1ae989c73874df01022e6d1fa4c2f00", {
      query: [["prefix", "a b"]],
    }],
    ["PUT", "d3d68662bef0097adce4878c453f22ce9449c7084789b03d9abe9e8c05db38e7", {
      query: [["partNumber", "2"], ["partNumber", "1"]],
    }],
  ];
  for (const [method, expected, extra] of cases) {
    const signed = presignUrl(method, url, { ...options, ...extra });
    assert.equal(new URL(signed).searchParams.get("X-Amz-Signature"), expected, signed);
  }
});

Deno.test("a presigned URL refuses what would break it", () => {
  const options = { region: "r", service: "s3", credential, date: new Date(0), expiresIn: 60 };
  const url = "https://b.example/k";
  for (const expiresIn of [0, -1, 1.5, 604_801, NaN]) {
    assert.throws(() => presignUrl("GET", url, { ...options, expiresIn }), /Cannot presign for/);
  }
  assert.throws(
    () => presignUrl("GET", url, { ...options, query: [["X-AMZ-Date", "x"]] }),
    /belongs to the signature/,
  );
  assert.throws(() => presignUrl("GET", url, { ...options, query: [["", "x"]] }), /belongs to the signature/);
  for (
    const name of ["Host", "authorization", "Content-Length", "user-agent", "Expect", "Transfer-Encoding"]
  ) {
    assert.throws(() => presignUrl("GET", url, { ...options, signedHeaders: [[name, "x"]] }), /Cannot bind/);
  }
  assert.throws(() => presignUrl("GET", url, { ...options, signedHeaders: [["x", "a\nb"]] }), /control/);
  for (const pair of [["a", "\ud800"], ["\udc00", "a"]] as const) {
    assert.throws(() => presignUrl("GET", url, { ...options, query: [pair] }), /half of a surrogate pair/);
  }
  for (const method of ["", "bad method", "GET\n"]) {
    assert.throws(() => presignUrl(method, url, options), /of the method/);
  }
  assert.equal(presignUrl("get", url, options), presignUrl("GET", url, options), "as fetch takes them");
});

Deno.test("all headers that are bound to a presigned URL are signed", () => {
  const options = { region: "r", service: "s3", credential, date: new Date(0), expiresIn: 60 };
  for (const name of ["cache-control", "Pragma", "referer", "content-type"]) {
    const [one, other] = ["a", "b"].map((value) =>
      new URL(presignUrl("PUT", "https://b.example/k", { ...options, signedHeaders: [[name, value]] }))
        .searchParams
    );
    assert.equal(one!.get("X-Amz-SignedHeaders"), [name.toLowerCase(), "host"].sort().join(";"));
    assert.notEqual(one!.get("X-Amz-Signature"), other!.get("X-Amz-Signature"), name);
  }
});

/** AWS's signer wants a hash constructor; Node's does. */
class Sha256 {
  #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {}
}

const awkward = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    "a b",
    "a+b",
    "a%2Fb",
    "100%",
    "ü",
    "😀",
    "~",
    "'()*!",
    "..",
    ".",
    "a//b",
    "&=?#",
    "\u007f",
    "\t",
  ),
).filter((text) => text.isWellFormed());
const headerValue = fc.string({ unit: fc.constantFrom(..."abc XYZ09-_=;,\"'\t".split("")), maxLength: 20 });

Deno.test("10,000 generated requests are signed as AWS's own signer signs them", async () => {
  const request = fc.record({
    method: fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD"),
    host: fc.constantFrom(
      "b.s3.eu-west-1.amazonaws.com",
      "localhost:9000",
      "127.0.0.1:4566",
      "s3.example.com",
    ),
    key: fc.array(awkward, { minLength: 0, maxLength: 4 }),
    query: fc.uniqueArray(fc.tuple(awkward, fc.oneof(awkward, fc.constant(""))), {
      maxLength: 4,
      selector: ([name]) => name,
    }),
    headers: fc.uniqueArray(
      fc.tuple(
        fc.constantFrom(
          "x-amz-meta-a",
          "X-Amz-Meta-B",
          "content-type",
          "cache-control",
          "if-match",
          "range-x",
        ),
        headerValue,
      ),
      { maxLength: 4, selector: ([name]) => name.toLowerCase() },
    ),
    token: fc.option(
      fc.string({ unit: fc.constantFrom(..."abcDEF/+=".split("")), minLength: 1, maxLength: 30 }),
      {
        nil: undefined,
      },
    ),
    region: fc.constantFrom("us-east-1", "eu-central-1", "auto"),
    seconds: fc.integer({ min: 1_000_000_000, max: 2_000_000_000 }),
    payload: fc.constantFrom(EMPTY_PAYLOAD_HASH, UNSIGNED_PAYLOAD, "a".repeat(64)),
    presign: fc.boolean(),
  });
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(request, async (r) => {
      const path = `/${r.key.map((segment) => encodeQuery(segment)).join("/")}`;
      const query = r.query.map(([name, value]) => `${encodeQuery(name)}=${encodeQuery(value)}`).join("&");
      const url = `https://${r.host}${path}${query ? `?${query}` : ""}`;
      const date = new Date(r.seconds * 1000);
      const keys = { ...credential, ...(r.token ? { sessionToken: r.token } : {}) };
      const theirs = new SignatureV4({
        service: "s3",
        region: r.region,
        credentials: keys,
        sha256: Sha256,
        uriEscapePath: false,
        applyChecksum: true,
      });
      const scope = { region: r.region, service: "s3", credential: keys, date };
      const base = {
        method: r.method,
        protocol: "https:",
        hostname: r.host,
        path,
        query: Object.fromEntries(r.query),
        headers: { host: r.host, ...Object.fromEntries(r.headers) },
      };
      if (r.presign) {
        const expected = await theirs.presign(
          { ...base, headers: { host: r.host, "x-amz-content-sha256": UNSIGNED_PAYLOAD } },
          {
            expiresIn: 600,
            signingDate: date,
            unsignableHeaders: new Set(["x-amz-content-sha256"]),
            unhoistableHeaders: new Set(["x-amz-content-sha256"]),
          },
        );
        // Theirs adds no payload header to what is signed; ours never has one.
        const bare = presignUrl(r.method, `https://${r.host}${path}`, {
          ...scope,
          expiresIn: 600,
          query: r.query
            .filter(([name]) => !name.toLowerCase().startsWith("x-amz-")),
        });
        const theirNames = expected.query!["X-Amz-SignedHeaders"];
        assert.equal(theirNames, "host");
        assert.equal(new URL(bare).searchParams.get("X-Amz-Signature"), expected.query!["X-Amz-Signature"]);
      } else {
        const expected = await theirs.sign(
          { ...base, headers: { ...base.headers, "x-amz-content-sha256": r.payload } },
          { signingDate: date },
        );
        const ours = signRequest({ method: r.method, url, headers: r.headers }, {
          ...scope,
          payloadHash: r.payload,
        });
        const authorization = ours.find(([name]) => name === "authorization")![1];
        assert.equal(authorization, expected.headers.authorization);
      }
      compared++;
    }),
    { numRuns: 10_000 },
  );
  assert.ok(compared >= 10_000);
});

Deno.test("WebCrypto signs as the code without promises does", async () => {
  const text = fc.string({ unit: "binary" });
  const word = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.record({ method: fc.constantFrom("GET", "PUT", "DELETE"), path: text, value: text }),
      fc.record({ secret: text, token: fc.option(word, { nil: undefined }), region: word }),
      fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }),
      async ({ method, path, value }, { secret, token, region }, date) => {
        const url = `https://h.example/${encodeQuery(path.toWellFormed())}?a=${
          encodeQuery(value.toWellFormed())
        }`;
        const request = { method, url, headers: [["x-amz-meta-v", "é ü"] as const] };
        const options = {
          region,
          service: "s3",
          date,
          credential: { accessKeyId: "AKID", secretAccessKey: secret.toWellFormed(), sessionToken: token },
        };
        assert.deepEqual(
          await signByWebCrypto(crypto.subtle, request, options),
          signRequest(request, options),
        );
      },
    ),
    { numRuns: 100 },
  );
  assert.equal(await sha256Hex(crypto.subtle, new Uint8Array(0)), EMPTY_PAYLOAD_HASH);
});

Deno.test("the host is signed without a default port, user information or fragment", () => {
  assert.deepEqual(splitUrl("https://u:p@H.example:443/a?b#c"), {
    host: "h.example",
    path: "/a",
    query: "b",
  });
  assert.deepEqual(splitUrl("http://h:8080?x=/y"), { host: "h:8080", path: "/", query: "x=/y" });
  assert.deepEqual(splitUrl("http://h:80#/x?y"), { host: "h", path: "/", query: "" });
});

Deno.test("a POST policy is signed over exactly its base64 text", () => {
  const fields = new Map(signPostPolicy({
    region: "us-east-1",
    service: "s3",
    credential: { ...credential, sessionToken: "t" },
    date: new Date("2015-12-29T00:00:00Z"),
    expiresIn: 3600,
    bucket: "b",
    key: "user/${filename}",
    conditions: [
      { equals: ["acl", "private"] },
      { startsWith: ["Content-Type", "image/"] },
      { contentLength: [1, 1024] },
    ],
  }));
  const policy = JSON.parse(atob(fields.get("policy")!));
  assert.equal(policy.expiration, "2015-12-29T01:00:00.000Z");
  assert.deepEqual(policy.conditions, [
    { bucket: "b" },
    ["starts-with", "$key", "user/"],
    { "x-amz-algorithm": "AWS4-HMAC-SHA256" },
    { "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request" },
    { "x-amz-date": "20151229T000000Z" },
    { "x-amz-security-token": "t" },
    { acl: "private" },
    ["starts-with", "$Content-Type", "image/"],
    ["content-length-range", 1, 1024],
  ]);
  const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  let key = hmac(`AWS4${credential.secretAccessKey}`, "20151229");
  for (const part of ["us-east-1", "s3", "aws4_request"]) key = hmac(key, part);
  assert.equal(fields.get("x-amz-signature"), hmac(key, fields.get("policy")!).toString("hex"));
});
