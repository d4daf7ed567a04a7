/** Where credentials come from, each against a server that plays it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  assumeRoleCredentials,
  containerCredentials,
  instanceMetadataCredentials,
  webIdentityCredentials,
} from "../../../../src/stores/s3/mod.ts";
import { failureOf, fakeCloud, fakeHome, keyOf, metadataAnswer, ROLE, stsAnswer } from "../fake/cloud.ts";

Deno.test("container: the relative URI is asked of ECS, with the token", async () => {
  await using home = await fakeHome({ "token": "first\n" });
  await using cloud = fakeCloud(({ headers }) => metadataAnswer(headers.get("authorization") ?? "none"));
  const { connector } = cloud;
  const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/abc?x=1" };
  assert.match(await keyOf(containerCredentials({ env, connector })), /^none /);
  assert.deepEqual(cloud.lines(), ["GET http://169.254.170.2/v2/credentials/abc?x=1"]);
  assert.match(
    await keyOf(
      containerCredentials({ env: { ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN: "Basic abc" }, connector }),
    ),
    /^Basic abc /,
  );
  // The file wins, and is read anew.
  const withFile = {
    ...env,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "other",
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${home.path}/token`,
  };
  const provider = containerCredentials({ env: withFile, connector });
  assert.match(await keyOf(provider), /^first /);
  await Deno.writeTextFile(`${home.path}/token`, "second");
  provider.invalidate!((await provider.get())!);
  assert.match(await keyOf(provider), /^second /);
  await Deno.writeTextFile(`${home.path}/token`, "hunter2\r\nx: y");
  assert.match((await failureOf(containerCredentials({ env: withFile, connector }))).message, /characters/);
  await assert.rejects(
    async () => await containerCredentials({ env: {}, connector }).get(),
    /this is no container/,
  );
});

Deno.test("container: a full URI may lead to this machine, a container service, or under TLS", async () => {
  await using cloud = fakeCloud(() => metadataAnswer("KEY"));
  const { connector } = cloud;
  const good = [
    "http://127.0.0.1:8080/x",
    "http://localhost/x",
    "http://[::1]:1/x",
    "http://169.254.170.2/x",
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
    "https://example.com/x",
  ];
  for (const uri of good) {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri };
    assert.match(
      await keyOf(containerCredentials({ env, connector })),
      /^KEY secret-of-KEY token-of-KEY$/,
      uri,
    );
  }
  assert.deepEqual(cloud.lines(), good.map((uri) => `GET ${uri}`));
  for (
    const uri of [
      "http://example.com/hunter2",
      "http://169.254.169.254/x",
      "http://127.0.0.1.example.com/x",
      "http://user:hunter2@127.0.0.1/x",
      "http://localhost@example.com/x",
      "ftp://127.0.0.1/x",
      "/v2/credentials",
    ]
  ) {
    const error = await failureOf(
      containerCredentials({ env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }, connector }),
    );
    assert.equal(error.name, "ConfigurationError", uri);
  }
  const relative = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "//example.com/x" };
  assert.equal(
    (await failureOf(containerCredentials({ env: relative, connector }))).name,
    "ConfigurationError",
  );
  assert.equal(cloud.requests.length, good.length);
});

Deno.test("container and instance: what is no answer is told without the answer", async () => {
  const bodies: [body: Response | string, message: RegExp][] = [
    ["hunter2", /no JSON object/],
    ['["hunter2"]', /no JSON object/],
    ["", /no JSON object/],
    ['{"AccessKeyId":"A","SecretAccessKey":"hunter2","Expiration":"soon"}', /cannot be read/],
    ['{"AccessKeyId":"A","Token":"hunter2"}', /no "SecretAccessKey"/],
    ['{"SecretAccessKey":"hunter2"}', /no "AccessKeyId"/],
    [
      '{"Code":"AssumeRoleUnauthorizedAccess","Message":"not\\nallowed"}',
      /AssumeRoleUnauthorizedAccess: not allowed/,
    ],
  ];
  for (const [body, message] of bodies) {
    await using cloud = fakeCloud(({ url }) =>
      url.pathname === "/latest/api/token" ? "token" : url.pathname.endsWith("/") ? "role" : body
    );
    const { connector } = cloud;
    const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" };
    for (
      const provider of [
        containerCredentials({ env, connector }),
        instanceMetadataCredentials({ env, connector }),
      ]
    ) {
      const error = await failureOf(provider);
      assert.equal(error.name, "UnauthenticatedError");
      assert.match(error.message, message);
    }
  }
  await using cloud = fakeCloud(() => Response.json({ code: "Denied", message: "no" }, { status: 403 }));
  const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" };
  assert.match(
    (await failureOf(containerCredentials({ env, connector: cloud.connector }))).message,
    /status 403 \(Denied: no\)/,
  );
});

Deno.test("instance: version 2 takes a token first", async () => {
  let failures = 2;
  await using cloud = fakeCloud(({ method, url, headers }) => {
    if (url.pathname === "/latest/api/token") {
      assert.equal(method, "PUT");
      assert.equal(headers.get("x-aws-ec2-metadata-token-ttl-seconds"), "600");
      return "the-token";
    }
    assert.equal(headers.get("x-aws-ec2-metadata-token"), "the-token");
    if (!url.pathname.endsWith("/")) return metadataAnswer("INSTANCE");
    return failures-- > 0 ? new Response("", { status: 503 }) : "my role\n";
  });
  assert.match(
    await keyOf(instanceMetadataCredentials({ env: {}, connector: cloud.connector })),
    /^INSTANCE secret-of-INSTANCE/,
  );
  const base = "http://169.254.169.254/latest";
  const roles = `${base}/meta-data/iam/security-credentials/`;
  assert.deepEqual(cloud.lines(), [
    `PUT ${base}/api/token`,
    ...Array<string>(3).fill(`GET ${roles}`),
    `GET ${roles}my%20role`,
  ]);
});

Deno.test("instance: version 1 only where it is asked for", async () => {
  const cloudWith = (status: number) =>
    fakeCloud(({ url, headers }) => {
      if (url.pathname === "/latest/api/token") return new Response("", { status });
      assert.equal(headers.has("x-aws-ec2-metadata-token"), false);
      return url.pathname.endsWith("/") ? "role" : metadataAnswer("V1");
    });
  for (const status of [403, 404, 405]) {
    await using cloud = cloudWith(status);
    const { connector } = cloud;
    assert.match(
      (await failureOf(instanceMetadataCredentials({ env: {}, connector }))).message,
      new RegExp(`status ${status} for a token of version 2`),
    );
    assert.match(
      await keyOf(instanceMetadataCredentials({ env: {}, connector, imdsv1Fallback: true })),
      /^V1 /,
    );
    const env = { AWS_IMDSV1_FALLBACK: "true" };
    assert.match(await keyOf(instanceMetadataCredentials({ env, connector })), /^V1 /);
    const never = { ...env, AWS_EC2_METADATA_V1_DISABLED: "true" };
    await failureOf(instanceMetadataCredentials({ env: never, connector }));
  }
  await using cloud = cloudWith(400);
  await failureOf(
    instanceMetadataCredentials({ env: {}, connector: cloud.connector, imdsv1Fallback: true }),
  );
});

Deno.test("instance: turned off, elsewhere, without a role, or not there", async () => {
  await using cloud = fakeCloud(({ url }) =>
    url.pathname === "/latest/api/token" ? "token" : new Response("", { status: 404 })
  );
  const { connector } = cloud;
  const off = instanceMetadataCredentials({ env: { AWS_EC2_METADATA_DISABLED: "TRUE" }, connector });
  assert.match((await failureOf(off)).message, /turns the metadata service off/);
  assert.deepEqual(cloud.lines(), []);
  assert.match(
    (await failureOf(instanceMetadataCredentials({ env: {}, connector }))).message,
    /it has no role/,
  );
  await failureOf(
    instanceMetadataCredentials({ env: {}, connector, metadataEndpoint: "http://127.0.0.1:1/" }),
  );
  const ipv6 = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" };
  await failureOf(instanceMetadataCredentials({ env: ipv6, connector }));
  const tokens = cloud.lines().filter((line) => line.startsWith("PUT"));
  assert.deepEqual(tokens, [
    "PUT http://169.254.169.254/latest/api/token",
    "PUT http://127.0.0.1:1/latest/api/token",
    "PUT http://[fd00:ec2::254]/latest/api/token",
  ]);
  // Nobody listens there: it is given up soon.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const error = await failureOf(
    instanceMetadataCredentials({ env: {}, metadataEndpoint: `http://127.0.0.1:${port}` }),
  );
  assert.equal(error.name, "UnauthenticatedError");
});

Deno.test("instance: who does not answer in time is not asked again", async () => {
  let asked = 0;
  const gates: (() => void)[] = [];
  await using cloud = fakeCloud(async () => {
    asked++;
    await new Promise<void>((resolve) => gates.push(resolve));
    return "too late";
  });
  const error = await failureOf(instanceMetadataCredentials({ env: {}, connector: cloud.connector }));
  assert.match(error.message, /Cannot get credentials of the instance: .*(?:time|within|1 s)/i);
  assert.equal(asked, 1);
  gates.forEach((open) => open());
});

Deno.test("instance: expired credentials of an overloaded service are used a little longer", async () => {
  await using cloud = fakeCloud(({ url }) =>
    url.pathname === "/latest/api/token"
      ? "token"
      : url.pathname.endsWith("/")
      ? "role"
      : metadataAnswer("OLD", "2000-01-01T00:00:00Z")
  );
  const now = () => Date.parse("2024-01-01T00:00:00Z");
  const provider = instanceMetadataCredentials({ env: {}, connector: cloud.connector, now });
  assert.equal((await provider.get())!.expiration!.toISOString(), "2024-01-01T00:15:00.000Z");
});

Deno.test("STS: a role is assumed with signed requests, along a chain", async () => {
  await using cloud = fakeCloud(({ body, headers }) => {
    const form = new URLSearchParams(body);
    assert.equal(form.get("Action"), "AssumeRole");
    assert.equal(form.get("Version"), "2011-06-15");
    const scope = /Credential=(\w+)\/\d{8}\/eu-west-1\/sts\/aws4_request, SignedHeaders=([^,]*)/
      .exec(headers.get("authorization") ?? "");
    assert.match(scope![2]!, /content-type;host;/);
    assert.equal(
      headers.get("x-amz-content-sha256"),
      createHash("sha256").update(body).digest("hex"),
    );
    return stsAnswer("AssumeRole", `${scope![1]}x`);
  });
  const { connector } = cloud;
  const common = { connector, env: {}, region: "eu-west-1" };
  const first = assumeRoleCredentials({
    ...common,
    source: { accessKeyId: "ROOT", secretAccessKey: "hunter2" },
    roleArn: ROLE,
    externalId: "external id & more",
    roleSessionName: "me",
    durationSeconds: 900,
    policy: '{"Version":"2012-10-17"}',
    mfaSerial: "arn:aws:iam::123456789012:mfa/me",
    mfaCode: () => Promise.resolve("123456"),
  });
  const second = assumeRoleCredentials({ ...common, source: first, roleArn: ROLE });
  assert.equal(await keyOf(second), "ROOTxx secret-of-ROOTxx token-of-ROOTxx");
  const [one, two] = cloud.requests;
  assert.equal(one!.url.href, "https://sts.eu-west-1.amazonaws.com/");
  const form = Object.fromEntries(new URLSearchParams(one!.body));
  assert.deepEqual(
    [
      form.RoleArn,
      form.ExternalId,
      form.RoleSessionName,
      form.DurationSeconds,
      form.TokenCode,
      form.SerialNumber,
    ],
    [ROLE, "external id & more", "me", "900", "123456", "arn:aws:iam::123456789012:mfa/me"],
  );
  assert.equal(two!.headers.get("x-amz-security-token"), "token-of-ROOTx");
  assert.match(new URLSearchParams(two!.body).get("RoleSessionName")!, /^storeport-\d+$/);
});

Deno.test("STS: a clock that is off is set by the service's, once", async () => {
  for (const hours of [-3, 3]) {
    const time = () => new Date(Date.now() + hours * 3_600_000);
    let trusting = false;
    await using cloud = fakeCloud(({ headers }) => {
      const [, y, mo, d, h, mi, s] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(headers.get("x-amz-date")!)!;
      const signed = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
      if (trusting && Math.abs(signed - time().getTime()) < 300_000) return stsAnswer("AssumeRole", "KEY");
      const refusal =
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message></Error></ErrorResponse>";
      return new Response(refusal, { status: 403, headers: { date: time().toUTCString() } });
    });
    const { connector } = cloud;
    const source = { accessKeyId: "ROOT", secretAccessKey: "hunter2" };
    const provider = assumeRoleCredentials({ connector, env: {}, source, roleArn: ROLE });
    await assert.rejects(async () => await provider.get(), /SignatureDoesNotMatch/);
    assert.equal(cloud.requests.length, 2);
    trusting = true;
    assert.equal(await keyOf(provider), "KEY secret-of-KEY token-of-KEY");
    assert.equal(cloud.requests.length, 4);
  }
});

Deno.test("STS: where it is, and what it may be asked", async () => {
  await using cloud = fakeCloud(() => stsAnswer("AssumeRole", "KEY"));
  const { connector } = cloud;
  const source = { accessKeyId: "ROOT", secretAccessKey: "s" };
  const table: [options: Record<string, string>, env: Record<string, string>, url: string][] = [
    [{}, {}, "https://sts.us-east-1.amazonaws.com/"],
    [{ region: "auto" }, {}, "https://sts.us-east-1.amazonaws.com/"],
    [{}, { AWS_REGION: "ap-south-1" }, "https://sts.ap-south-1.amazonaws.com/"],
    [{}, { AWS_DEFAULT_REGION: "sa-east-1" }, "https://sts.sa-east-1.amazonaws.com/"],
    [{ region: "cn-north-1" }, {}, "https://sts.cn-north-1.amazonaws.com.cn/"],
    [{ endpointUrlSts: "https://sts.example.com/base" }, {}, "https://sts.example.com/base/"],
    [{}, { AWS_ENDPOINT_URL_STS: "https://sts.example.com" }, "https://sts.example.com/"],
    [{}, { AWS_ENDPOINT_URL: "https://all.example.com" }, "https://all.example.com/"],
  ];
  for (const [options, env, url] of table) {
    await keyOf(assumeRoleCredentials({ connector, env, source, roleArn: ROLE, ...options }));
    assert.equal(cloud.requests.at(-1)!.url.href, url);
  }
  for (
    const wrong of [{ roleArn: "reader" }, { durationSeconds: 60 }, { durationSeconds: 1e9 }]
  ) {
    const provider = assumeRoleCredentials({ connector, env: {}, source, roleArn: ROLE, ...wrong });
    assert.equal((await failureOf(provider)).name, "ConfigurationError");
  }
});

Deno.test("STS: refusals and answers that cannot be read", async () => {
  const table: [answer: () => Response | string, name: string, message: RegExp][] = [
    [
      () =>
        new Response(
          "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not\nyou</Message></Error><RequestId>r1</RequestId></ErrorResponse>",
          { status: 403 },
        ),
      "PermissionDeniedError",
      /Cannot assume the role "arn:[^"]+": status 403 \(AccessDenied: not you\)/,
    ],
    [
      () =>
        new Response(
          "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>old</Message></Error></ErrorResponse>",
          { status: 400 },
        ),
      "UnauthenticatedError",
      /ExpiredTokenException: old/,
    ],
    [() => "<html>hunter2</html>", "UnauthenticatedError", /cannot be read/],
    [
      () => stsAnswer("AssumeRoleWithWebIdentity", "hunter2").slice(0, -5),
      "UnauthenticatedError",
      /cannot be read/,
    ],
    [
      () => stsAnswer("AssumeRoleWithWebIdentity", "hunter2", "soon"),
      "UnauthenticatedError",
      /cannot be read/,
    ],
    [
      () =>
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult/></AssumeRoleWithWebIdentityResponse>",
      "UnauthenticatedError",
      /cannot be read/,
    ],
  ];
  for (const [answer, name, message] of table) {
    await using cloud = fakeCloud(() => answer());
    const error = await failureOf(webIdentityCredentials({
      connector: cloud.connector,
      env: {},
      roleArn: ROLE,
      webIdentityToken: "hunter2",
    }));
    assert.equal(error.name, name);
    assert.match(error.message, message);
  }
});

Deno.test("web identity: the token's file is read at each renewal, and nothing is signed", async () => {
  await using home = await fakeHome({ "token": "first\n" });
  await using cloud = fakeCloud(({ body, headers }) => {
    assert.equal(headers.has("authorization"), false);
    const form = new URLSearchParams(body);
    assert.equal(form.get("RoleSessionName"), "WebIdentitySession");
    return stsAnswer("AssumeRoleWithWebIdentity", form.get("WebIdentityToken")!);
  });
  const provider = webIdentityCredentials({
    connector: cloud.connector,
    env: {},
    roleArn: ROLE,
    webIdentityTokenFile: `${home.path}/token`,
  });
  assert.match(await keyOf(provider), /^first /);
  await Deno.writeTextFile(`${home.path}/token`, "second");
  provider.invalidate!((await provider.get())!);
  assert.match(await keyOf(provider), /^second /);
  const callback = webIdentityCredentials({
    connector: cloud.connector,
    env: {},
    roleArn: ROLE,
    webIdentityToken: () => Promise.resolve("third"),
  });
  assert.match(await keyOf(callback), /^third /);
  // The token is not in the URL, where logs would have it.
  assert.ok(cloud.lines().every((line) => line === "POST https://sts.us-east-1.amazonaws.com/"));
});
