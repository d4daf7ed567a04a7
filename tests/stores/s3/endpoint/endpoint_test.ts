import { strict as assert } from "node:assert";
import { expressZone } from "../../../../src/stores/s3/endpoint/bucket.ts";
import { resolveEndpoint } from "../../../../src/stores/s3/endpoint/endpoint.ts";
import type { S3StoreOptions } from "../../../../src/stores/s3/mod.ts";
import { findProvider, providerNames } from "../../../../src/stores/s3/endpoint/find_provider.ts";

const AP = "arn:aws:s3:eu-west-1:123456789012:accesspoint/my-point";

const URLS: readonly [S3StoreOptions, url: string, region: string, service?: string][] = [
  [{ bucket: "data" }, "https://data.s3.us-east-1.amazonaws.com", "us-east-1"],
  [{ bucket: "data", region: "eu-west-1" }, "https://data.s3.eu-west-1.amazonaws.com", "eu-west-1"],
  [{ bucket: "data", defaultRegion: "eu-west-2" }, "https://data.s3.eu-west-2.amazonaws.com", "eu-west-2"],
  [{ bucket: "data", region: "a-1", defaultRegion: "b-2" }, "https://data.s3.a-1.amazonaws.com", "a-1"],
  [
    { bucket: "data", virtualHostedStyleRequest: false },
    "https://s3.us-east-1.amazonaws.com/data",
    "us-east-1",
  ],
  // A certificate covers one label.
  [{ bucket: "da.ta" }, "https://s3.us-east-1.amazonaws.com/da.ta", "us-east-1"],
  [{ bucket: "data", region: "cn-north-1" }, "https://data.s3.cn-north-1.amazonaws.com.cn", "cn-north-1"],
  [
    { bucket: "data", region: "us-gov-west-1" },
    "https://data.s3.us-gov-west-1.amazonaws.com",
    "us-gov-west-1",
  ],
  [{ bucket: "data", accelerate: true }, "https://data.s3-accelerate.amazonaws.com", "us-east-1"],
  [
    { bucket: "data", accelerate: true, dualStack: true },
    "https://data.s3-accelerate.dualstack.amazonaws.com",
    "us-east-1",
  ],
  [{ bucket: "data", dualStack: true }, "https://data.s3.dualstack.us-east-1.amazonaws.com", "us-east-1"],
  [{ bucket: "data", fips: true }, "https://data.s3-fips.us-east-1.amazonaws.com", "us-east-1"],
  [
    { bucket: "data", fips: true, dualStack: true },
    "https://data.s3-fips.dualstack.us-east-1.amazonaws.com",
    "us-east-1",
  ],
  [
    { bucket: "b--use1-az4--x-s3" },
    "https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
    "us-east-1",
    "s3express",
  ],
  [{ bucket: AP }, "https://my-point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com", "eu-west-1"],
  [
    { bucket: AP, fips: true, dualStack: true },
    "https://my-point-123456789012.s3-accesspoint-fips.dualstack.eu-west-1.amazonaws.com",
    "eu-west-1",
  ],
  [
    { bucket: "arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/ol" },
    "https://ol-123456789012.s3-object-lambda.us-west-2.amazonaws.com",
    "us-west-2",
    "s3-object-lambda",
  ],
  [
    { bucket: "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01ab/accesspoint/ap1" },
    "https://ap1-123456789012.op-01ab.s3-outposts.us-west-2.amazonaws.com",
    "us-west-2",
    "s3-outposts",
  ],
  [{ bucket: "data", endpoint: "http://127.0.0.1:9000" }, "http://127.0.0.1:9000/data", "us-east-1"],
  [{ bucket: "data", endpoint: "http://127.0.0.1:9000///" }, "http://127.0.0.1:9000/data", "us-east-1"],
  [
    { bucket: "data", endpoint: "https://a.example", endpointUrlS3: "https://b.example" },
    "https://b.example/data",
    "us-east-1",
  ],
  [{ bucket: "data", endpoint: "https://example.com/s3/" }, "https://example.com/s3/data", "us-east-1"],
  [
    { bucket: "data", endpoint: "https://data.example.com", virtualHostedStyleRequest: true },
    "https://data.example.com",
    "us-east-1",
  ],
  [{ bucket: "My_Bucket", endpoint: "https://ceph.example" }, "https://ceph.example/My_Bucket", "us-east-1"],
  [
    { bucket: "data", endpoint: "https://abc123.r2.cloudflarestorage.com" },
    "https://abc123.r2.cloudflarestorage.com/data",
    "auto",
  ],
  [
    { bucket: "data", endpoint: "https://abc123.eu.r2.cloudflarestorage.com" },
    "https://abc123.eu.r2.cloudflarestorage.com/data",
    "auto",
  ],
  [
    { bucket: "data", endpoint: "https://s3.eu-central-003.backblazeb2.com" },
    "https://s3.eu-central-003.backblazeb2.com/data",
    "eu-central-003",
  ],
  [{ bucket: "data", endpoint: "https://s3.fr-par.scw.cloud" }, "https://s3.fr-par.scw.cloud/data", "fr-par"],
  [
    { bucket: "data", endpoint: "https://fra1.digitaloceanspaces.com", region: "us-east-1" },
    "https://fra1.digitaloceanspaces.com/data",
    "us-east-1",
  ],
  [
    { bucket: "data", endpoint: "https://oss-cn-hangzhou.aliyuncs.com" },
    "https://data.oss-cn-hangzhou.aliyuncs.com",
    "cn-hangzhou",
  ],
];

Deno.test("where a bucket is reached", () => {
  for (const [options, url, region, service = "s3"] of URLS) {
    const endpoint = resolveEndpoint(options);
    assert.deepEqual(
      [endpoint.url, endpoint.region, endpoint.service],
      [url, region, service],
      JSON.stringify(options),
    );
  }
});

const REFUSED: readonly [S3StoreOptions, about: RegExp][] = [
  [{ bucket: "" }, /a name is needed/],
  [{ bucket: "s3://data" }, /a URL or a path/],
  [{ bucket: "data/prefix" }, /a URL or a path/],
  [{ bucket: "Data" }, /lower-case/],
  [{ bucket: "ab" }, /3 to 63/],
  [{ bucket: "a".repeat(64) }, /3 to 63/],
  [{ bucket: "-data" }, /either end/],
  [{ bucket: "da..ta" }, /two dots/],
  [{ bucket: "192.168.5.4" }, /IP address/],
  [{ bucket: "xn--data" }, /reserved/],
  [{ bucket: "da?ta", endpoint: "https://x.example" }, /characters/],
  [{ bucket: "..", endpoint: "https://x.example" }, /characters/],
  [{ bucket: "da.ta", virtualHostedStyleRequest: true }, /certificates/],
  [{ bucket: "da.ta", accelerate: true }, /hold no dots/],
  [{ bucket: "data", accelerate: true, fips: true }, /no such endpoint/],
  [{ bucket: "data", accelerate: true, endpoint: "https://x.example" }, /endpoint/],
  [{ bucket: "data", s3Express: true }, /--<zone>--x-s3/],
  [{ bucket: "data", endpoint: "ftp://x.example" }, /begin with "https:/],
  [{ bucket: "data", endpoint: "key:hunter2@x.example" }, /base URL/],
  [{ bucket: "data", endpoint: "https://key:hunter2@x.example" }, /credentials/],
  [{ bucket: "data", endpoint: "https://x.example?a=b" }, /no query/],
  [{ bucket: "data", region: "eu west" }, /region/],
  [{ bucket: "data", region: "evil.com/" }, /region/],
  [{ bucket: "data", provider: "amazon" }, /known ones are/],
  [{ bucket: "data", provider: "minio" }, /endpoint/],
  [{ bucket: "arn:aws:s3:::data" }, /account/],
  [{ bucket: "arn:aws:s3::123456789012:accesspoint:mrap.alias" }, /SigV4a/],
  [{ bucket: "arn:aws:iam:eu-west-1:123456789012:role/x" }, /access point/],
  [{ bucket: AP, region: "us-east-1" }, /access point in/],
];

Deno.test("what names no bucket is refused, and told why", () => {
  for (const [options, about] of REFUSED) {
    assert.throws(() => resolveEndpoint(options), (error: Error) => {
      assert.match(error.message, about, JSON.stringify(options));
      assert.ok(!error.message.includes("hunter2"));
      return /^(?:Configuration|NotSupported)Error$/.test(error.name);
    }, JSON.stringify(options));
  }
});

Deno.test("another region is another host on AWS, and another scope elsewhere", () => {
  const aws = resolveEndpoint({ bucket: "data" }).inRegion("eu-west-1");
  assert.deepEqual([aws.url, aws.region], ["https://data.s3.eu-west-1.amazonaws.com", "eu-west-1"]);
  const other = resolveEndpoint({ bucket: "data", endpoint: "https://x.example" }).inRegion("here");
  assert.deepEqual([other.url, other.region], ["https://x.example/data", "here"]);
});

Deno.test("zones of directory buckets", () => {
  for (
    const [name, zone] of [
      ["b--use1-az4--x-s3", "use1-az4"],
      ["point--usw2-az1--xa-s3", "usw2-az1"],
      ["b--x-s3", undefined],
      ["b--use1-az4", undefined],
      ["use1-az4--x-s3", undefined],
      ["a--b--euw1-az3--x-s3", "euw1-az3"],
    ] as const
  ) assert.equal(expressZone(name), zone, name);
});

Deno.test("every provider has a name of its own, and is found by it", () => {
  const names = providerNames();
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    const { provider, region } = findProvider(name, "s3.example.com");
    assert.equal(provider.name, name);
    assert.match(region, /^[a-z0-9-]+$/, name);
  }
  assert.equal(findProvider(undefined, "s3.example.com").provider.name, "generic");
  assert.equal(findProvider(undefined, "s3.eu-west-1.amazonaws.com").provider.name, "aws");
  // A host that only looks like one is nobody's.
  assert.equal(findProvider(undefined, "amazonaws.com.evil.example").provider.name, "generic");
});
