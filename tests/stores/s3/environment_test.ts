/** Stores from the environment and the profile, and the regions of buckets. */
import assert from "node:assert/strict";
import { openStore } from "../../../src/open_store.ts";
import {
  assumeRoleCredentials,
  resolveBucketRegion,
  s3StoreFromEnv,
  webIdentityCredentials,
} from "../../../src/stores/s3/mod.ts";
import { S3_CONFIG, S3Store } from "../../../src/stores/s3/mod.ts";
import { KNOWN_VARIABLES } from "../../../src/stores/s3/credentials/variables.ts";
import { clientConfig, retryConfig } from "../../../src/stores/common/client_config.ts";
import { normalizeKey } from "../../../src/stores/common/config.ts";
import { S3_SERVERS, startS3 } from "../../servers/s3.ts";
import { type FakeCloud, fakeCloud, fakeHome, metadataAnswer, ROLE } from "./fake/cloud.ts";

const HOME_FILES = {
  ".aws/config": `
[default]
region = eu-west-1
[profile other]
region = ap-south-1
endpoint_url = https://other.example.com
[profile dual]
region = eu-west-2
use_dualstack_endpoint = true
[profile fast]
s3 =
  use_accelerate_endpoint = true
[profile path]
s3 =
  addressing_style = path
[profile own]
services = mine
[services mine]
s3 =
  endpoint_url = https://mine.example.com
`,
  ".aws/credentials": `
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = s
[other]
aws_access_key_id = OTHER
aws_secret_access_key = s
[dual]
aws_access_key_id = DUAL
aws_secret_access_key = s
[fast]
aws_access_key_id = FAST
aws_secret_access_key = s
[path]
aws_access_key_id = PATH
aws_secret_access_key = s
[own]
aws_access_key_id = OWN
aws_secret_access_key = s
`,
};

/** Where a store's first request goes, and with which key and region. */
async function asked(store: S3Store, cloud: FakeCloud): Promise<string> {
  cloud.requests.length = 0;
  await assert.rejects(store.head("a"), { name: "NotFoundError" });
  store.close();
  const { url, headers } = cloud.requests.at(-1)!;
  const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.get("authorization") ?? "") ?? [];
  return `${url.href} ${key ?? "unsigned"} ${region ?? ""}`.trim();
}

Deno.test("s3StoreFromEnv: options before variables before the profile", async () => {
  await using home = await fakeHome(HOME_FILES);
  await using cloud = fakeCloud(({ url }) =>
    url.host === "169.254.170.2" ? metadataAnswer("CONTAINER") : undefined
  );
  const aws = (region: string, key: string) => `https://bucket.s3.${region}.amazonaws.com/a ${key} ${region}`;
  const keys = { AWS_ACCESS_KEY_ID: "ENV", AWS_SECRET_ACCESS_KEY: "s" };
  const own = { accessKeyId: "OWN", secretAccessKey: "s" };
  const table: [env: Record<string, string>, config: Record<string, unknown>, asked: string][] = [
    [{}, {}, aws("eu-west-1", "DEFAULT")],
    [{ AWS_REGION: "us-west-1" }, {}, aws("us-west-1", "DEFAULT")],
    [{ AWS_REGION: "us-west-1" }, { region: "us-west-2" }, aws("us-west-2", "DEFAULT")],
    [{ AWS_PROFILE: "dual" }, {}, "https://bucket.s3.dualstack.eu-west-2.amazonaws.com/a DUAL eu-west-2"],
    [{ AWS_PROFILE: "other" }, {}, "https://other.example.com/bucket/a OTHER ap-south-1"],
    [{ AWS_PROFILE: "own" }, {}, "https://mine.example.com/bucket/a OWN us-east-1"],
    [{ AWS_PROFILE: "fast" }, {}, "https://bucket.s3-accelerate.amazonaws.com/a FAST us-east-1"],
    [{ AWS_PROFILE: "path" }, {}, "https://s3.us-east-1.amazonaws.com/bucket/a PATH us-east-1"],
    [{ ...keys, AWS_PROFILE: "other" }, {}, "https://other.example.com/bucket/a ENV ap-south-1"],
    [keys, { profile: "other" }, "https://other.example.com/bucket/a OTHER ap-south-1"],
    [
      keys,
      { profile: "other", endpoint: "https://x.example.com" },
      "https://x.example.com/bucket/a OTHER ap-south-1",
    ],
    [{ ...keys, AWS_SESSION_TOKEN: "t" }, own, aws("eu-west-1", "OWN")],
    [
      { ...keys, AWS_ENDPOINT_URL: "https://e.example.com" },
      {},
      "https://e.example.com/bucket/a ENV eu-west-1",
    ],
    [
      { ...keys, AWS_ENDPOINT_URL: "https://e.example.com", AWS_ENDPOINT_URL_S3: "https://s3.example.com" },
      {},
      "https://s3.example.com/bucket/a ENV eu-west-1",
    ],
    [
      { ...keys, AWS_ENDPOINT_URL_S3: "https://s3.example.com" },
      { endpoint: "https://x.example.com" },
      "https://x.example.com/bucket/a ENV eu-west-1",
    ],
    [
      {
        ...keys,
        AWS_ENDPOINT_URL: "https://e.example.com",
        AWS_ENDPOINT_URL_S3: "https://s3.example.com",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
        AWS_PROFILE: "other",
      },
      {},
      aws("ap-south-1", "ENV"),
    ],
    [{ ...keys, AWS_SKIP_SIGNATURE: "true" }, {}, "https://bucket.s3.eu-west-1.amazonaws.com/a unsigned"],
    [{}, { skipSignature: true }, "https://bucket.s3.eu-west-1.amazonaws.com/a unsigned"],
    [
      { HOME: "/nowhere", AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" },
      {},
      aws("us-east-1", "CONTAINER"),
    ],
    [
      { HOME: "/nowhere" },
      { containerCredentialsRelativeUri: "/x", defaultRegion: "eu-west-3" },
      aws("eu-west-3", "CONTAINER"),
    ],
    [{}, { credentials: { accessKeyId: "GIVEN", secretAccessKey: "s" } }, aws("eu-west-1", "GIVEN")],
  ];
  for (const [env, config, expected] of table) {
    const store = await s3StoreFromEnv({ bucket: "bucket", ...config }, cloud.connector, {
      ...home.env,
      ...env,
    });
    assert.equal(await asked(store, cloud), expected, JSON.stringify([env, config]));
    if (config === own) assert.equal(cloud.requests.at(-1)!.headers.has("x-amz-security-token"), false);
    store.close();
  }
  const named = await s3StoreFromEnv({}, cloud.connector, { ...home.env, AWS_BUCKET: "named" });
  assert.match(await asked(named, cloud), /^https:\/\/named\.s3\./);
});

Deno.test("s3StoreFromEnv: what does not make sense is refused", async () => {
  await using home = await fakeHome(HOME_FILES);
  const wrong: [env: Record<string, string>, config: Record<string, unknown>, message: RegExp][] = [
    [{}, {}, /"bucket" is missing/],
    [{ AWS_BUCKET: "bucket", AWS_PROFILE: "missing" }, {}, /Cannot find the profile "missing"/],
    [{ AWS_BUCKET: "bucket", AWS_VIRTUAL_HOSTED_STYLE_REQUEST: "perhaps" }, {}, /true or false/],
    [{ AWS_BUCKET: "bucket" }, { regoin: "x" }, /did you mean "region"/],
    [{ AWS_BUCKET: "bucket", AWS_ACCESS_KEY_ID: "AKID" }, {}, /alone/],
  ];
  for (const [env, config, message] of wrong) {
    await assert.rejects(s3StoreFromEnv(config, undefined, { ...home.env, ...env }), (error: Error) => {
      assert.equal(error.name, "ConfigurationError");
      assert.match(error.message, message);
      return true;
    });
  }
  // What others have put there is none of ours.
  const env = {
    ...home.env,
    AWS_BUCKET: "bucket",
    AWS_PAGER: "less",
    AWS_MAX_ATTEMPTS: "3",
    AWS_RETRY_MODE: "standard",
  };
  assert.equal((await s3StoreFromEnv({}, undefined, env)).name, "AmazonS3(bucket)");
});

Deno.test("openStore: the environment is read when asked", async () => {
  await using home = await fakeHome(HOME_FILES);
  await using cloud = fakeCloud(() => undefined);
  const env = { ...home.env, AWS_REGION: "us-west-1", AWS_ENDPOINT_URL: "https://e.example.com" };
  const options = { connector: cloud.connector, env };
  const open = async (url: string, more: object = {}) =>
    await asked((await openStore(url, { ...options, ...more })).store as S3Store, cloud);
  assert.equal(await open("s3://bucket/x"), "https://e.example.com/bucket/a DEFAULT us-west-1");
  // A URL that says where, is where.
  assert.equal(
    await open("https://bucket.s3.eu-west-3.amazonaws.com/x"),
    "https://bucket.s3.eu-west-3.amazonaws.com/a DEFAULT eu-west-3",
  );
  assert.equal(
    await open("https://bucket.nyc3.digitaloceanspaces.com/x"),
    "https://nyc3.digitaloceanspaces.com/bucket/a DEFAULT nyc3",
  );
  await assert.rejects(openStore("s3://bucket/x", { connector: cloud.connector }), {
    name: "ConfigurationError",
    message: /openStore\(url, \{ env: true \}\)/,
  });
  // Others have no use for it.
  await openStore("memory:///x", options);
  await openStore("file:///x", { env: true });
});

Deno.test("a store's own options say who is asked for credentials", async () => {
  await using home = await fakeHome({ "token": "hunter2" });
  await using cloud = fakeCloud(({ url }) => {
    if (url.host.startsWith("sts.")) return new Response("", { status: 418 });
    if (url.host === "169.254.170.2") return metadataAnswer("CONTAINER");
    if (url.pathname === "/latest/api/token") return "token";
    if (url.pathname.startsWith("/latest/")) {
      return url.pathname.endsWith("/") ? "role" : metadataAnswer("EC2");
    }
    return undefined;
  });
  const common = { bucket: "bucket", connector: cloud.connector, region: "eu-west-1" };
  const container = new S3Store({ ...common, containerCredentialsRelativeUri: "/x" });
  assert.match(await asked(container, cloud), / CONTAINER eu-west-1$/);
  const instance = new S3Store({ ...common, metadataEndpoint: "http://10.0.0.1/" });
  assert.match(await asked(instance, cloud), / EC2 eu-west-1$/);
  assert.ok(cloud.lines().includes("PUT http://10.0.0.1/latest/api/token"));
  const web = new S3Store({
    ...common,
    webIdentityTokenFile: `${home.path}/token`,
    roleArn: ROLE,
    endpointUrlSts: "https://sts.example.com",
  });
  await assert.rejects(web.head("a"), (error: Error) => {
    assert.match(Deno.inspect(error), /Cannot assume the role/);
    assert.doesNotMatch(Deno.inspect(error), /hunter2/);
    return true;
  });
  web.close();
  assert.throws(() => new S3Store({ ...common, roleArn: ROLE }), { name: "ConfigurationError" });
});

Deno.test("resolveBucketRegion: the service tells it even to those whom it refuses", async () => {
  let answer: () => Response = () => new Response();
  await using cloud = fakeCloud(() => answer());
  const { connector } = cloud;
  const client = { retry: false as const };
  for (const status of [200, 301, 307, 400, 403]) {
    answer = () => new Response(null, { status, headers: { "x-amz-bucket-region": "eu-central-1" } });
    assert.equal(await resolveBucketRegion("bucket", { connector, client }), "eu-central-1", `${status}`);
  }
  const { method, url, headers } = cloud.requests[0]!;
  assert.deepEqual([method, url.href], ["HEAD", "https://bucket.s3.amazonaws.com/"]);
  assert.equal(headers.has("authorization"), false);
  const places: [bucket: string, options: { region?: string; endpoint?: string }, url: string][] = [
    ["my.bucket", {}, "https://s3.amazonaws.com/my.bucket"],
    ["bucket", { region: "cn-north-1" }, "https://bucket.s3.cn-north-1.amazonaws.com.cn/"],
    ["bucket", { endpoint: "http://127.0.0.1:1/" }, "http://127.0.0.1:1/bucket"],
  ];
  for (const [bucket, options, expected] of places) {
    await resolveBucketRegion(bucket, { connector, ...options });
    assert.equal(cloud.requests.at(-1)!.url.href, expected);
  }
  const wrong: [answer: () => Response, name: string][] = [
    [() => new Response(null, { status: 404 }), "NotFoundError"],
    [() => new Response(null, { status: 403 }), "PermissionDeniedError"],
    [() => new Response(null, { status: 200 }), "GenericError"],
    [
      () => new Response(null, { status: 200, headers: { "x-amz-bucket-region": "<script>" } }),
      "GenericError",
    ],
    [() => new Response(null, { status: 503 }), "GenericError"],
  ];
  for (const [given, name] of wrong) {
    answer = given;
    await assert.rejects(resolveBucketRegion("bucket", { connector, client }), { name });
  }
  await assert.rejects(resolveBucketRegion("b/../x", { connector }), { name: "ConfigurationError" });
  const reason = new Error("enough");
  await assert.rejects(
    resolveBucketRegion("bucket", { connector, signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});

Deno.test("moto: roles are assumed, and used", async () => {
  const started = await startS3(S3_SERVERS.find(({ name }) => name === "moto")!);
  if (started === undefined) return console.log("SKIPPED: moto not installed");
  await using running = started;
  const { accessKeyId, secretAccessKey, ...options } = await running.bucket("roles");
  const endpointUrlSts = options.endpoint;
  const role = assumeRoleCredentials({
    env: {},
    source: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! },
    roleArn: ROLE,
    endpointUrlSts,
  });
  const chained = assumeRoleCredentials({ env: {}, source: role, roleArn: ROLE, endpointUrlSts });
  const web = webIdentityCredentials({ env: {}, roleArn: ROLE, webIdentityToken: "token", endpointUrlSts });
  for (const [i, credentials] of [role, chained, web].entries()) {
    const credential = (await credentials.get())!;
    assert.match(credential.accessKeyId, /^ASIA/);
    assert.ok(credential.expiration!.getTime() > Date.now() + 3_000_000);
    const store = new S3Store({ ...options, credentials });
    await store.put(`object-${i}`, "text");
    assert.equal(await (await store.get(`object-${i}`)).text(), "text");
    store.close();
  }
  const env = {
    AWS_ENDPOINT_URL: options.endpoint!,
    AWS_ACCESS_KEY_ID: accessKeyId!,
    AWS_SECRET_ACCESS_KEY: secretAccessKey!,
    HOME: "/nowhere",
  };
  const { store } = await openStore("s3://roles/", { env, provider: "moto" });
  assert.equal((await store.head("object-0")).size, 4);
  (store as S3Store).close();
  assert.equal(await resolveBucketRegion("roles", { endpoint: options.endpoint }), "us-east-1");
  await assert.rejects(resolveBucketRegion("not-there", { endpoint: options.endpoint }), {
    name: "NotFoundError",
  });
});

Deno.test("every configuration key has its variable among those that are asked for one by one", () => {
  const missing: string[] = [];
  for (const schema of [S3_CONFIG, clientConfig, retryConfig]) {
    for (
      const [name, field] of Object.entries(schema) as [string, { readonly aliases?: readonly string[] }][]
    ) {
      for (const key of [name, ...field.aliases ?? []]) {
        const upper = normalizeKey(key).toUpperCase();
        const variable = upper.startsWith("AWS_") ? upper : `AWS_${upper}`;
        if (!KNOWN_VARIABLES.includes(variable)) missing.push(variable);
      }
    }
  }
  assert.deepEqual(missing, []);
});
