import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { getHeader as header } from "../../../src/http/headers.ts";
import { ConfigurationError } from "../../../src/store/error.ts";
import { environmentConfig, readConfig } from "../../../src/stores/common/config.ts";
import { S3_CONFIG, S3_PREFIXES, S3Store, s3StoreFromConfig } from "../../../src/stores/s3/mod.ts";
import { answer } from "./fake/answers.ts";
import { FakeS3, KEYS } from "./fake/s3.ts";

/** Of 32 times the letter k. */
const KEY_MD5 = createHash("md5").update("k".repeat(32)).digest("base64");
const READ = { store: "S3", prefixes: S3_PREFIXES };

/** object_store's keys, each with a value and what it must become. */
const KEYS_OF_OBJECT_STORE: readonly [
  keys: readonly string[],
  text: string,
  option: string,
  value: unknown,
][] = [
  [["aws_access_key_id", "access_key_id"], "id", "accessKeyId", "id"],
  [["aws_secret_access_key", "secret_access_key"], "s", "secretAccessKey", "s"],
  [["aws_session_token", "aws_token", "session_token", "token"], "t", "sessionToken", "t"],
  [["aws_region", "region"], "r", "region", "r"],
  [["aws_default_region", "default_region"], "r", "defaultRegion", "r"],
  [["aws_bucket", "aws_bucket_name", "bucket", "bucket_name"], "b", "bucket", "b"],
  [["aws_endpoint_url", "aws_endpoint", "endpoint_url", "endpoint"], "https://x", "endpoint", "https://x"],
  [["aws_endpoint_url_s3"], "https://x", "endpointUrlS3", "https://x"],
  [["aws_endpoint_url_sts", "endpoint_url_sts"], "https://x", "endpointUrlSts", "https://x"],
  [
    ["aws_virtual_hosted_style_request", "virtual_hosted_style_request"],
    "true",
    "virtualHostedStyleRequest",
    true,
  ],
  [["aws_s3_express", "s3_express"], "on", "s3Express", true],
  [["aws_imdsv1_fallback", "imdsv1_fallback"], "yes", "imdsv1Fallback", true],
  [["aws_metadata_endpoint", "metadata_endpoint"], "http://x", "metadataEndpoint", "http://x"],
  [["aws_unsigned_payload", "unsigned_payload"], "1", "unsignedPayload", true],
  [["aws_checksum_algorithm", "checksum_algorithm"], "SHA256", "checksumAlgorithm", "sha256"],
  [
    ["aws_container_credentials_relative_uri", "container_credentials_relative_uri"],
    "/x",
    "containerCredentialsRelativeUri",
    "/x",
  ],
  [
    ["aws_container_credentials_full_uri", "container_credentials_full_uri"],
    "x",
    "containerCredentialsFullUri",
    "x",
  ],
  [
    ["aws_container_authorization_token_file", "container_authorization_token_file"],
    "x",
    "containerAuthorizationTokenFile",
    "x",
  ],
  [["aws_web_identity_token_file", "web_identity_token_file"], "x", "webIdentityTokenFile", "x"],
  [["aws_role_arn", "role_arn"], "x", "roleArn", "x"],
  [["aws_role_session_name", "role_session_name"], "x", "roleSessionName", "x"],
  [["aws_skip_signature", "skip_signature"], "y", "skipSignature", true],
  [["aws_copy_if_not_exists", "copy_if_not_exists"], "multipart", "copyIfNotExists", "multipart"],
  [["aws_conditional_put", "conditional_put"], "disabled", "conditionalPut", "disabled"],
  [["aws_disable_tagging", "disable_tagging"], "false", "disableTagging", false],
  [["aws_disable_bulk_delete", "disable_bulk_delete"], "off", "disableBulkDelete", false],
  [["aws_request_payer", "request_payer"], "Requester", "requestPayer", true],
  [["aws_request_payer", "request_payer"], "false", "requestPayer", false],
  [
    ["aws_server_side_encryption", "server_side_encryption"],
    "AWS:KMS:DSSE",
    "serverSideEncryption",
    "aws:kms:dsse",
  ],
  [["aws_sse_kms_key_id", "sse_kms_key_id"], "k", "sseKmsKeyId", "k"],
  [["aws_sse_bucket_key_enabled", "sse_bucket_key_enabled"], "true", "sseBucketKeyEnabled", true],
  [["aws_sse_customer_key_base64", "sse_customer_key_base64"], "k", "sseCustomerKeyBase64", "k"],
];

Deno.test("every key of object_store is taken, in every spelling", () => {
  for (const [keys, text, option, value] of KEYS_OF_OBJECT_STORE) {
    for (const key of [...keys, option, ...keys.map((key) => key.toUpperCase())]) {
      const { store } = readConfig({ [key]: text }, S3_CONFIG, READ);
      assert.deepEqual(store, { [option]: value }, key);
    }
  }
});

Deno.test("keys of the client go to the client, with the prefix too", () => {
  const { store, client } = readConfig(
    { aws_allow_http: "true", AWS_PROXY_URL: "http://p:1", timeout: "5s" },
    S3_CONFIG,
    READ,
  );
  assert.deepEqual([store, client], [{}, { allowHttp: true, proxyUrl: "http://p:1", timeout: 5000 }]);
});

Deno.test("an environment is read, and what is not ours in it is passed over", () => {
  const environment = environmentConfig(
    { AWS_REGION: "eu-west-1", AWS_LAMBDA_FUNCTION_NAME: "f", HOME: "/" },
    S3_PREFIXES,
  );
  const { store } = readConfig(environment, S3_CONFIG, { ...READ, unknown: "ignore" });
  assert.deepEqual(store, { region: "eu-west-1" });
});

Deno.test("copy strategies are read tolerant of blanks", () => {
  for (
    const [text, value] of [
      ["header: cf-copy-destination-if-none-match : *", "header:cf-copy-destination-if-none-match:*"],
      ["header-with-status:x-if-absent:1:409", "header-with-status:x-if-absent:1:409"],
      [" Multipart ", "multipart"],
      ["if-none-match", "if-none-match"],
    ] as const
  ) assert.equal(readConfig({ copy_if_not_exists: text }, S3_CONFIG, READ).store.copyIfNotExists, value);
  for (
    const text of [
      "",
      "header",
      "header:a",
      "header-with-status:a:b",
      "header-with-status:a:b:200",
      "header:a b:c",
      "yes",
    ]
  ) {
    assert.throws(() => readConfig({ copy_if_not_exists: text }, S3_CONFIG, READ), ConfigurationError, text);
  }
});

Deno.test("a store that makes no sense is not opened, and no secret is shown", () => {
  const bad: readonly [Record<string, unknown>, RegExp][] = [
    [{}, /"bucket" is missing/],
    [{ bucket: "data", acess_key_id: "x" }, /did you mean "accessKeyId"/],
    [{ bucket: "data", access_key_id: "hunter2" }, /"accessKeyId" alone/],
    [{ bucket: "data", secret_access_key: "hunter2" }, /"secretAccessKey" alone/],
    [{ bucket: "data", token: "hunter2" }, /"sessionToken" alone/],
    [{ bucket: "data" }, /No credentials/],
    [{ bucket: "data", skip_signature: "perhaps" }, /true or false/],
    [{ bucket: "data", ...KEYS, checksum_algorithm: "md5" }, /crc64nvme/],
    [{ bucket: "data", ...KEYS, server_side_encryption: "sse-c" }, /without "sseCustomerKeyBase64"/],
    [
      { bucket: "data", ...KEYS, server_side_encryption: "sse-c", sse_customer_key_base64: "hunter2" },
      /32 bytes/,
    ],
    [{ bucket: "data", ...KEYS, sse_customer_key_base64: "hunter2" }, /without "serverSideEncryption"/],
    [{ bucket: "data", ...KEYS, sse_kms_key_id: "k" }, /aws:kms/],
    [{ bucket: "data", ...KEYS, provider: "amazon" }, /known ones are/],
    [{
      bucket: "data",
      ...KEYS,
      endpoint: "http://x.example",
      server_side_encryption: "sse-c",
      sse_customer_key_base64: btoa("k".repeat(32)),
    }, /without TLS/],
  ];
  for (const [config, about] of bad) {
    assert.throws(() => s3StoreFromConfig(config), (error: Error) => {
      assert.match(error.message, about);
      assert.ok(!error.message.includes("hunter2") && !error.message.includes(KEYS.secretAccessKey));
      return error instanceof ConfigurationError;
    }, JSON.stringify(config));
  }
});

Deno.test("the headers that options stand for are sent", async () => {
  const service = new FakeS3();
  const sent = async (options: Record<string, unknown>, action: (store: S3Store) => Promise<unknown>) => {
    const from = service.requests.length;
    await action(s3StoreFromConfig({ bucket: "bucket", ...KEYS, ...options }, service));
    return service.requests.slice(from).map((request) =>
      Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]))
    );
  };
  const [kms] = await sent(
    {
      server_side_encryption: "aws:kms",
      sse_kms_key_id: "key",
      sse_bucket_key_enabled: "true",
      storage_class: "STANDARD_IA",
    },
    (store) => store.put("a", "x"),
  );
  assert.equal(kms!["x-amz-server-side-encryption"], "aws:kms");
  assert.equal(kms!["x-amz-server-side-encryption-aws-kms-key-id"], "key");
  assert.equal(kms!["x-amz-server-side-encryption-bucket-key-enabled"], "true");
  assert.equal(kms!["x-amz-storage-class"], "STANDARD_IA");
  assert.match(kms!["authorization"]!, /SignedHeaders=[^,]*x-amz-server-side-encryption-aws-kms-key-id/);

  const customer = { server_side_encryption: "sse-c", sse_customer_key_base64: btoa("k".repeat(32)) };
  const all = await sent(customer, async (store) => {
    await store.put("a", "x");
    await store.get("a");
    await store.head("a");
    await store.copy("a", "b");
    const upload = await store.putMultipart("c");
    await upload.putPart(new Uint8Array(1));
    await upload.complete();
  });
  for (const headers of all) {
    assert.equal(headers["x-amz-server-side-encryption-customer-algorithm"], "AES256");
    assert.equal(headers["x-amz-server-side-encryption-customer-key-md5"], KEY_MD5);
  }
  assert.equal(all[3]!["x-amz-copy-source-server-side-encryption-customer-algorithm"], "AES256");

  const [payer, listed] = await sent({ request_payer: "requester" }, async (store) => {
    await store.head("a");
    await store.listWithDelimiter();
  });
  assert.deepEqual([payer!["x-amz-request-payer"], listed!["x-amz-request-payer"]], [
    "requester",
    "requester",
  ]);

  const [anonymous] = await sent({
    accessKeyId: undefined,
    secretAccessKey: undefined,
    skip_signature: "true",
  }, (store) => store.head("a"));
  assert.equal(anonymous!["authorization"], undefined);

  const [tagged] = await sent(
    { disable_tagging: "true" },
    (store) => store.put("a", "x", { tags: { a: "b" } }),
  );
  assert.equal(tagged!["x-amz-tagging"], undefined);
  // A part of what defaults add is signed too, on lists as well.
  const [own] = await sent({ default_headers: "x-amz-team: data" }, (store) => store.listWithDelimiter());
  assert.match(own!["authorization"]!, /x-amz-team/);
});

Deno.test("S3 Express: a session is opened with the keys proper, and used for all but copies", async () => {
  const bucket = "fast--use1-az4--x-s3";
  const service = new FakeS3({
    bucket,
    keys: () => [KEYS, { accessKeyId: "SESSION", secretAccessKey: "s", sessionToken: undefined }],
  });
  let sessions = 0;
  service.hook = (request) => {
    if (!request.url.endsWith("/?session")) return undefined;
    sessions++;
    const expiration = new Date(Date.now() + 300_000).toISOString();
    return answer(
      200,
      `<CreateSessionResult><Credentials><AccessKeyId>SESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>T</SessionToken><Expiration>${expiration}</Expiration></Credentials></CreateSessionResult>`,
    );
  };
  const store = new S3Store({ bucket, ...KEYS, connector: service });
  await store.put("a", "x");
  await store.head("a");
  await store.copy("a", "b");
  assert.equal(sessions, 1);
  const who = service.requests.map((request) =>
    /Credential=(\w+)\//.exec(header(request.headers, "authorization") ?? "")?.[1]
  );
  assert.deepEqual(who, [KEYS.accessKeyId, "SESSION", "SESSION", KEYS.accessKeyId]);
  assert.equal(header(service.requests[1]!.headers, "x-amz-s3session-token"), "T");
  assert.equal(header(service.requests[1]!.headers, "x-amz-security-token"), undefined);
  assert.match(header(service.requests[1]!.headers, "authorization")!, /\/s3express\/aws4_request/);
});
