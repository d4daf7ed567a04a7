/** Which URLs are S3's, and what they say. */
import assert from "node:assert/strict";
import { knownSchemes, openStore } from "../../../../src/open_store.ts";
import { isS3Url, parseS3Url } from "../../../../src/stores/s3/endpoint/url.ts";
import type { HttpConnector } from "../../../../src/http/connector.ts";
import type { HttpRequest } from "../../../../src/http/service.ts";

const ACCOUNT = "0123456789abcdef0123456789abcdef";

/** URL; what the first request for the object is sent to, by a store opened with it. */
const TABLE: readonly (readonly [url: string, request: string, region?: string])[] = [
  // The scheme.
  ["s3://bucket/a/b.txt", "https://bucket.s3.us-east-1.amazonaws.com/a/b.txt"],
  ["s3a://bucket/a", "https://bucket.s3.us-east-1.amazonaws.com/a"],
  ["S3://bucket/a%20b", "https://bucket.s3.us-east-1.amazonaws.com/a%20b"],
  ["s3://dotted.bucket/a", "https://s3.us-east-1.amazonaws.com/dotted.bucket/a"],
  ["s3://s3-logs/a", "https://s3-logs.s3.us-east-1.amazonaws.com/a"],
  [
    "s3://data--use1-az4--x-s3/a",
    "https://data--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/a",
  ],
  // AWS, bucket in the host.
  ["https://bucket.s3.amazonaws.com/a", "https://bucket.s3.us-east-1.amazonaws.com/a"],
  ["https://bucket.s3.eu-west-1.amazonaws.com/a", "https://bucket.s3.eu-west-1.amazonaws.com/a", "eu-west-1"],
  ["https://bucket.s3-us-west-2.amazonaws.com/a", "https://bucket.s3.us-west-2.amazonaws.com/a", "us-west-2"],
  [
    "https://bucket.s3-external-1.amazonaws.com/a",
    "https://bucket.s3.us-east-1.amazonaws.com/a",
    "us-east-1",
  ],
  ["https://s3foo.s3.eu-west-1.amazonaws.com/a", "https://s3foo.s3.eu-west-1.amazonaws.com/a", "eu-west-1"],
  ["https://s3-logs.s3.amazonaws.com/a", "https://s3-logs.s3.us-east-1.amazonaws.com/a"],
  ["https://s3.foo.s3.eu-west-1.amazonaws.com/a", "https://s3.eu-west-1.amazonaws.com/s3.foo/a", "eu-west-1"],
  ["https://my.dotted.s3.eu-west-1.amazonaws.com/a", "https://s3.eu-west-1.amazonaws.com/my.dotted/a"],
  [
    "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a",
    "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a",
  ],
  ["https://bucket.s3-fips.us-east-2.amazonaws.com/a", "https://bucket.s3-fips.us-east-2.amazonaws.com/a"],
  [
    "https://bucket.s3-fips.dualstack.us-east-2.amazonaws.com/a",
    "https://bucket.s3-fips.dualstack.us-east-2.amazonaws.com/a",
  ],
  ["https://bucket.s3-accelerate.amazonaws.com/a", "https://bucket.s3-accelerate.amazonaws.com/a"],
  [
    "https://bucket.s3-accelerate.dualstack.amazonaws.com/a",
    "https://bucket.s3-accelerate.dualstack.amazonaws.com/a",
  ],
  ["https://BUCKET.S3.EU-WEST-1.amazonaws.com/A", "https://bucket.s3.eu-west-1.amazonaws.com/A"],
  // AWS, bucket in the path.
  ["https://s3.amazonaws.com/bucket/a", "https://bucket.s3.us-east-1.amazonaws.com/a"],
  ["https://s3.eu-central-1.amazonaws.com/bucket/a/b", "https://bucket.s3.eu-central-1.amazonaws.com/a/b"],
  ["https://s3-eu-west-1.amazonaws.com/bucket/a", "https://bucket.s3.eu-west-1.amazonaws.com/a"],
  [
    "https://s3.dualstack.ap-south-1.amazonaws.com/bucket/a",
    "https://bucket.s3.dualstack.ap-south-1.amazonaws.com/a",
  ],
  ["https://s3-fips.us-east-1.amazonaws.com/bucket/a", "https://bucket.s3-fips.us-east-1.amazonaws.com/a"],
  // Other partitions.
  [
    "https://bucket.s3.cn-north-1.amazonaws.com.cn/a",
    "https://bucket.s3.cn-north-1.amazonaws.com.cn/a",
    "cn-north-1",
  ],
  [
    "https://s3.cn-northwest-1.amazonaws.com.cn/bucket/a",
    "https://bucket.s3.cn-northwest-1.amazonaws.com.cn/a",
  ],
  ["https://bucket.s3.us-gov-west-1.amazonaws.com/a", "https://bucket.s3.us-gov-west-1.amazonaws.com/a"],
  [
    "https://bucket.s3-fips.us-gov-east-1.amazonaws.com/a",
    "https://bucket.s3-fips.us-gov-east-1.amazonaws.com/a",
  ],
  ["https://bucket.s3.eusc-de-east-1.amazonaws.eu/a", "https://bucket.s3.eusc-de-east-1.amazonaws.eu/a"],
  ["https://bucket.s3.us-iso-east-1.c2s.ic.gov/a", "https://bucket.s3.us-iso-east-1.c2s.ic.gov/a"],
  // Access points and directory buckets.
  [
    "https://point-123456789012.s3-accesspoint.us-west-2.amazonaws.com/a",
    "https://point-123456789012.s3-accesspoint.us-west-2.amazonaws.com/a",
    "us-west-2",
  ],
  [
    "https://my-point-123456789012.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com/a",
    "https://my-point-123456789012.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com/a",
  ],
  [
    "https://point-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn/a",
    "https://point-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn/a",
  ],
  [
    "https://point-123456789012.s3-object-lambda.eu-west-1.amazonaws.com/a",
    "https://point-123456789012.s3-object-lambda.eu-west-1.amazonaws.com/a",
  ],
  [
    "https://point-123456789012.op-0123abcd.s3-outposts.us-west-2.amazonaws.com/a",
    "https://point-123456789012.op-0123abcd.s3-outposts.us-west-2.amazonaws.com/a",
  ],
  [
    "https://data--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com/a",
    "https://data--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com/a",
  ],
  [
    "https://point-abcd-s3alias.s3.us-west-2.amazonaws.com/a",
    "https://point-abcd-s3alias.s3.us-west-2.amazonaws.com/a",
  ],
  // Cloudflare R2.
  [
    `https://${ACCOUNT}.r2.cloudflarestorage.com/bucket/a`,
    `https://${ACCOUNT}.r2.cloudflarestorage.com/bucket/a`,
    "auto",
  ],
  [
    `https://${ACCOUNT}.eu.r2.cloudflarestorage.com/bucket/a`,
    `https://${ACCOUNT}.eu.r2.cloudflarestorage.com/bucket/a`,
    "auto",
  ],
  [
    `https://${ACCOUNT}.fedramp.r2.cloudflarestorage.com/bucket/a`,
    `https://${ACCOUNT}.fedramp.r2.cloudflarestorage.com/bucket/a`,
  ],
  [
    `https://bucket.${ACCOUNT}.r2.cloudflarestorage.com/a`,
    `https://${ACCOUNT}.r2.cloudflarestorage.com/bucket/a`,
  ],
  [
    `https://bucket.${ACCOUNT}.eu.r2.cloudflarestorage.com/a`,
    `https://${ACCOUNT}.eu.r2.cloudflarestorage.com/bucket/a`,
  ],
  // Others of the table.
  ["https://nyc3.digitaloceanspaces.com/bucket/a", "https://nyc3.digitaloceanspaces.com/bucket/a", "nyc3"],
  ["https://bucket.nyc3.digitaloceanspaces.com/a", "https://nyc3.digitaloceanspaces.com/bucket/a", "nyc3"],
  [
    "https://s3.us-west-004.backblazeb2.com/bucket/a",
    "https://s3.us-west-004.backblazeb2.com/bucket/a",
    "us-west-004",
  ],
  ["https://bucket.s3.us-west-004.backblazeb2.com/a", "https://s3.us-west-004.backblazeb2.com/bucket/a"],
  ["https://bucket.s3.wasabisys.com/a", "https://s3.wasabisys.com/bucket/a", "us-east-1"],
  [
    "https://s3-data.s3.eu-central-2.wasabisys.com/a",
    "https://s3.eu-central-2.wasabisys.com/s3-data/a",
    "eu-central-2",
  ],
  ["https://bucket.s3.fr-par.scw.cloud/a", "https://s3.fr-par.scw.cloud/bucket/a", "fr-par"],
  ["https://bucket.fsn1.your-objectstorage.com/a", "https://fsn1.your-objectstorage.com/bucket/a", "fsn1"],
  ["https://s3.gra.io.cloud.ovh.net/bucket/a", "https://s3.gra.io.cloud.ovh.net/bucket/a", "gra"],
  [
    "https://bucket.us-east-1.linodeobjects.com/a",
    "https://us-east-1.linodeobjects.com/bucket/a",
    "us-east-1",
  ],
  ["https://bucket.sos-ch-gva-2.exo.io/a", "https://sos-ch-gva-2.exo.io/bucket/a", "ch-gva-2"],
  ["https://bucket.fly.storage.tigris.dev/a", "https://fly.storage.tigris.dev/bucket/a", "auto"],
  ["https://t3.storage.dev/bucket/a", "https://t3.storage.dev/bucket/a", "auto"],
  ["https://gateway.storjshare.io/bucket/a", "https://gateway.storjshare.io/bucket/a"],
  [
    "https://ref.supabase.co/storage/v1/s3/bucket/a",
    "https://ref.supabase.co/storage/v1/s3/bucket/a",
  ],
  ["https://bucket.storage.yandexcloud.net/a", "https://storage.yandexcloud.net/bucket/a", "ru-central1"],
  [
    "https://bucket.oss-cn-hangzhou.aliyuncs.com/a",
    "https://bucket.oss-cn-hangzhou.aliyuncs.com/a",
    "cn-hangzhou",
  ],
  [
    "https://bucket.s3.oss-cn-hangzhou.aliyuncs.com/a",
    "https://bucket.s3.oss-cn-hangzhou.aliyuncs.com/a",
    "cn-hangzhou",
  ],
  [
    "https://ns.compat.objectstorage.us-ashburn-1.oraclecloud.com/bucket/a",
    "https://ns.compat.objectstorage.us-ashburn-1.oraclecloud.com/bucket/a",
    "us-ashburn-1",
  ],
  [
    "https://s3.localhost.localstack.cloud:4566/bucket/a",
    "https://s3.localhost.localstack.cloud:4566/bucket/a",
  ],
  [
    "https://bucket.s3.us-east-2.localhost.localstack.cloud:4566/a",
    "https://s3.us-east-2.localhost.localstack.cloud:4566/bucket/a",
  ],
  ["https://x0y1.ldn.idrivee2-1.com/bucket/a", "https://x0y1.ldn.idrivee2-1.com/bucket/a"],
];

/** A connector that answers nothing and keeps what it was asked. */
function recorder(): { readonly connector: HttpConnector; readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const connector: HttpConnector = {
    connect: () => ({
      call(request) {
        requests.push(request);
        return Promise.reject(new Error("no network here"));
      },
    }),
  };
  return { connector, requests };
}

Deno.test(`openStore: ${TABLE.length} URLs of S3 go where they say`, async () => {
  assert.ok(TABLE.length >= 45);
  for (const [url, wanted, region] of TABLE) {
    const { connector, requests } = recorder();
    const express = url.includes("--x-s3");
    const { store, path } = await openStore(url, {
      connector,
      ...(express ? { skipSignature: true } : { accessKeyId: "AKID", secretAccessKey: "secret" }),
      // What a URL says wins.
      aws_endpoint: undefined,
      maxRetries: "0",
    });
    assert.match(store.name, /^AmazonS3\(/, url);
    await assert.rejects(store.get(path, { head: true }));
    assert.equal(requests[0]?.url, wanted, url);
    if (region !== undefined) {
      const authorization = requests[0]!.headers.find(([name]) => name === "authorization")?.[1] ?? "";
      assert.match(authorization, new RegExp(`/${region}/s3(?:-[a-z-]+)?/aws4_request`), url);
    }
  }
  assert.ok(knownSchemes().includes("s3a"));
});

Deno.test("openStore: what only looks like S3 is a web server's", async () => {
  for (
    const url of [
      "https://example.com/bucket/a",
      "http://bucket.s3.eu-west-1.amazonaws.com/a",
      "https://s3.example.com/bucket/a",
      "https://amazonaws.com/bucket/a",
      "https://notamazonaws.com/bucket/a",
      "https://s3.amazonaws.com.example.com/bucket/a",
      "https://api.execute-api.eu-west-1.amazonaws.com/a",
      "https://sts.eu-west-1.amazonaws.com/",
      "https://s3.foo.amazonaws.com/bucket/a",
      "https://bucket.s3-website-eu-west-1.amazonaws.com/a",
      "https://bucket.s3-website.eu-central-1.amazonaws.com/a",
      "https://123456789012.s3-control.us-west-2.amazonaws.com/a",
      "https://bucket.s3.eu-west-1.amazonaws.com:8443/a",
      "https://pub-1234.r2.dev/a",
      "https://ref.supabase.co/rest/v1/table",
      "https://storage.googleapis.com/bucket/a",
      "https://bucket.nyc3.cdn.digitaloceanspaces.com/a",
    ]
  ) {
    assert.equal(isS3Url(new URL(url)), false, url);
    const { store } = await openStore(url);
    assert.equal(store.name, "HttpStore", url);
  }
});

Deno.test("openStore: URLs that name S3 wrongly are refused, without their secrets", async () => {
  const table: [url: string, name: string, message: RegExp][] = [
    ["s3:///a", "ConfigurationError", /names no bucket/],
    ["s3://key:hunter2@bucket/a", "ConfigurationError", /user information/],
    ["https://key:hunter2@bucket.s3.amazonaws.com/a", "ConfigurationError", /user information/],
    ["s3://bucket:9000/a", "ConfigurationError", /port/],
    ["https://bucket.s3.us-east-1.amazonaws.com.cn/a", "ConfigurationError", /region/],
    ["https://s3.eu-west-1.amazonaws.com/", "ConfigurationError", /"bucket" is missing/],
    ["https://alias.mrap.accesspoint.s3-global.amazonaws.com/a", "NotSupportedError", /SigV4a/],
    ["s3://bucket/a//b", "InvalidPathError", /empty segment/],
    ["s3://bucket/a?versionId=1", "InvalidPathError", /query/],
    ["s3://bucket/a#x", "InvalidPathError", /fragment/],
    ["s3://UPPER_case/a", "ConfigurationError", /lower-case/],
  ];
  for (const [url, name, message] of table) {
    await assert.rejects(
      openStore(url, { accessKeyId: "AKID", secretAccessKey: "hunter2" }),
      (error: Error) => {
        assert.equal(error.name, name, `${url}: ${error.message}`);
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message} ${error.stack}`, /hunter2/);
        return true;
      },
    );
  }
});

Deno.test("openStore: options stand beside the URL, which wins", async () => {
  const { connector, requests } = recorder();
  const keys = { accessKeyId: "AKID", secretAccessKey: "secret", maxRetries: "0", connector };
  const ask = async (url: string, options: Record<string, unknown>) => {
    const { store, path } = await openStore(url, { ...keys, ...options });
    await assert.rejects(store.get(path || "x", { head: true }));
    return requests.at(-1)!;
  };
  assert.equal(
    (await ask("s3://bucket/a", { endpoint: "http://127.0.0.1:9000" })).url,
    "http://127.0.0.1:9000/bucket/a",
  );
  assert.equal(
    (await ask("s3://bucket/a", { aws_region: "eu-west-3" })).url,
    "https://bucket.s3.eu-west-3.amazonaws.com/a",
  );
  assert.equal(
    (await ask("https://bucket.s3.eu-west-1.amazonaws.com/a", {
      region: "us-west-1",
      bucket: "other",
      endpoint: "http://127.0.0.1:9000",
      endpointUrlS3: "http://127.0.0.1:9001",
    })).url,
    "https://bucket.s3.eu-west-1.amazonaws.com/a",
  );
  assert.equal(
    (await ask("http://127.0.0.1:9000/bucket/a/b", { provider: "minio" })).url,
    "http://127.0.0.1:9000/bucket/a/b",
  );
  assert.equal(
    (await ask("https://minio.example.com/bucket/a", { provider: "minio" })).url,
    "https://minio.example.com/bucket/a",
  );
  assert.equal(
    (await ask("https://s3.eu-west-1.amazonaws.com/", { bucket: "bucket" })).url,
    "https://bucket.s3.eu-west-1.amazonaws.com/x",
  );
  const anonymous = await ask("s3://bucket/a", { skip_signature: "true" });
  assert.equal(anonymous.headers.some(([name]) => name === "authorization"), false);
  await assert.rejects(openStore("s3://bucket/a", { connector }), {
    name: "ConfigurationError",
    key: "credentials",
  });
  await assert.rejects(openStore("s3://bucket/a", { ...keys, regoin: "x" }), /did you mean "region"/);
});

Deno.test("parseS3Url: a host of its own needs the word of the caller", () => {
  assert.throws(() => parseS3Url(new URL("https://example.com/bucket/a"), false), /none of S3/);
  const { options, path } = parseS3Url(new URL("https://example.com:8443/bucket/a%20b"), true);
  assert.deepEqual([options.bucket, options.endpoint, path], ["bucket", "https://example.com:8443", "a b"]);
});
