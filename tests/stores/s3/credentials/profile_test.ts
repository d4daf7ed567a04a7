/** Credentials of profiles and of people who signed in, against files and servers that play the AWS tools' own. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseIni } from "../../../../src/stores/s3/credentials/ini.ts";
import { profileCredentials, type ProfileOptions } from "../../../../src/stores/s3/mod.ts";
import { failureOf, fakeCloud, fakeHome, keyOf, metadataAnswer, ROLE, stsAnswer } from "../fake/cloud.ts";

Deno.test("ini: sections, comments, nested settings", () => {
  const text = `\ufeff# a comment
; another
before = nothing
[default]
region = eu-west-1 # why
AWS_Access_Key_Id=AKID#part
secret = a=b;c
s3 =
  addressing_style = path
  # within
  max = 1
output = json
[ profile   two  words ] ; trailing
region=a
[default]
region = eu-west-2\r
no equals here
= no name
`;
  const sections = parseIni(text);
  assert.deepEqual([...sections.keys()], ["default", "profile two words"]);
  assert.deepEqual(Object.fromEntries(sections.get("default")!), {
    region: "eu-west-2",
    aws_access_key_id: "AKID#part",
    secret: "a=b;c",
    s3: "",
    "s3.addressing_style": "path",
    "s3.max": "1",
    output: "json",
  });
});

const CONFIG = `
[default]
region = eu-west-1
[profile static]
aws_access_key_id = CONFIG
aws_secret_access_key = c
[profile "quoted name"]
aws_access_key_id = QUOTED
aws_secret_access_key = q
[profile role]
role_arn = ${ROLE}
source_profile = static
external_id = ext
role_session_name = me
duration_seconds = 1800
region = eu-central-1
[profile chain]
role_arn = ${ROLE}2
source_profile = role
[profile self]
role_arn = ${ROLE}
source_profile = self
aws_access_key_id = SELF
aws_secret_access_key = s
[profile circle-a]
role_arn = ${ROLE}
source_profile = circle-b
[profile circle-b]
role_arn = ${ROLE}
source_profile = circle-a
[profile from-env]
role_arn = ${ROLE}
credential_source = Environment
[profile from-ecs]
role_arn = ${ROLE}
credential_source = EcsContainer
[profile from-ec2]
role_arn = ${ROLE}
credential_source = Ec2InstanceMetadata
[profile from-what]
role_arn = ${ROLE}
credential_source = Dreams
[profile both]
role_arn = ${ROLE}
credential_source = Environment
source_profile = static
[profile neither]
role_arn = ${ROLE}
[profile mfa]
role_arn = ${ROLE}
source_profile = static
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile half]
aws_access_key_id = hunter2
[profile web]
role_arn = ${ROLE}
web_identity_token_file = ~/token
[profile process]
credential_process = printf '{"Version":1,"AccessKeyId":"PROCESS","SecretAccessKey":"p","SessionToken":"%s","Expiration":"2099-01-01T00:00:00Z"}' "$((1+1))"
[profile process-fails]
credential_process = echo hunter2; echo "no luck" >&2; exit 3
[profile process-old]
credential_process = echo '{"Version":2,"SecretAccessKey":"hunter2"}'
[profile process-bad]
credential_process = echo hunter2
[profile empty]
region = eu-west-1
[services local]
sts =
  endpoint_url = https://sts.example.com
[profile elsewhere]
role_arn = ${ROLE}
source_profile = static
services = local
`;

Deno.test("profiles: keys, roles, programs, web identities", async () => {
  await using home = await fakeHome({
    ".aws/config": CONFIG,
    ".aws/credentials":
      "[static]\naws_access_key_id = CREDENTIALS\naws_secret_access_key = k\naws_session_token = t\n",
    "token": "the-token",
  });
  await using cloud = fakeCloud(({ url, body, headers }) => {
    if (url.host === "169.254.170.2") return metadataAnswer("ECS");
    if (url.pathname === "/latest/api/token") return "token";
    if (url.pathname.startsWith("/latest/")) {
      return url.pathname.endsWith("/") ? "role" : metadataAnswer("EC2");
    }
    const form = new URLSearchParams(body);
    const key = /Credential=(\w+)\//.exec(headers.get("authorization") ?? "")?.[1] ??
      form.get("WebIdentityToken")!;
    return stsAnswer(form.get("Action")!, `${key}x`);
  });
  const env = {
    HOME: home.path,
    AWS_ACCESS_KEY_ID: "ENV",
    AWS_SECRET_ACCESS_KEY: "e",
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x",
  };
  const open = (profile?: string, options: ProfileOptions = {}) =>
    profileCredentials({ env, connector: cloud.connector, profile, ...options });
  const table: [profile: string, key: RegExp][] = [
    ["static", /^CREDENTIALS k t$/],
    ["quoted name", /^QUOTED q $/],
    ["role", /^CREDENTIALSx /],
    ["chain", /^CREDENTIALSxx /],
    ["self", /^SELFx /],
    ["from-env", /^ENVx /],
    ["from-ecs", /^ECSx /],
    ["from-ec2", /^EC2x /],
    ["web", /^the-tokenx /],
    ["process", /^PROCESS p 2$/],
    ["elsewhere", /^CREDENTIALSx /],
  ];
  for (const [profile, key] of table) assert.match(await keyOf(open(profile)), key, profile);
  assert.match(await keyOf(open(undefined, { env: { ...env, AWS_PROFILE: "self" } })), /^SELFx /);
  assert.match(await keyOf(open("mfa", { mfaCode: (serial) => Promise.resolve(serial.slice(-2)) })), /x /);
  assert.equal(new URLSearchParams(cloud.requests.at(-1)!.body).get("TokenCode"), "me");
  const role = cloud.requests.find(({ body }) => body.includes("ExternalId=ext"))!;
  const form = new URLSearchParams(role.body);
  assert.deepEqual([form.get("RoleSessionName"), form.get("DurationSeconds")], ["me", "1800"]);
  assert.equal(role.url.host, "sts.eu-central-1.amazonaws.com");
  assert.ok(cloud.lines().includes("POST https://sts.example.com/"));

  const wrong: [profile: string, message: RegExp][] = [
    [
      "missing",
      /Cannot find the profile "missing" in ".*config" or ".*credentials": known profiles are "default", /,
    ],
    ["circle-a", /leads back to itself \(circle-a → circle-b → circle-a\)/],
    ["from-what", /"Dreams"/],
    ["both", /exclude each other/],
    ["neither", /needs "source_profile" or "credential_source"/],
    ["mfa", /needs a code of the device .*"mfaCode"/],
    ["half", /belong together/],
    ["process-fails", /it ended with 3 \(no luck\)/],
    ["process-old", /version 2, and 1 is known/],
    ["process-bad", /no JSON object/],
    ["empty", /names no credentials/],
  ];
  for (const [profile, message] of wrong) {
    assert.match((await failureOf(open(profile))).message, message, profile);
  }
  const elsewhere = { HOME: "/nowhere", AWS_CONFIG_FILE: `${home.path}/.aws/config` };
  assert.match(await keyOf(open("static", { env: elsewhere })), /^CONFIG c $/);
});

const SSO_CONFIG = `
[sso-session work]
sso_start_url = https://work.awsapps.com/start
sso_region = eu-west-1
[profile new]
sso_session = work
sso_account_id = 123456789012
sso_role_name = read only
[profile old]
sso_start_url = https://old.awsapps.com/start
sso_region = us-west-2
sso_account_id = 123456789012
sso_role_name = reader
[profile lost]
sso_session = nowhere
sso_account_id = 123456789012
sso_role_name = reader
`;

function cacheName(text: string): string {
  return `.aws/sso/cache/${createHash("sha1").update(text).digest("hex")}.json`;
}

Deno.test("IAM Identity Center: tokens are used, renewed, and asked for again", async () => {
  const now = () => Date.parse("2024-06-01T12:00:00Z");
  const token = (expiresAt: string, more: object = {}) =>
    JSON.stringify({ accessToken: "hunter-access", expiresAt, region: "eu-west-1", ...more });
  const renewable = {
    clientId: "client",
    clientSecret: "hunter-client",
    refreshToken: "hunter-refresh",
    registrationExpiresAt: "2024-07-01T00:00:00Z",
    startUrl: "https://work.awsapps.com/start",
  };
  let portal = () =>
    Response.json({
      roleCredentials: {
        accessKeyId: "SSO",
        secretAccessKey: "s",
        sessionToken: "t",
        expiration: 1717257600000,
      },
    });
  let oidc = () =>
    Response.json({ accessToken: "hunter-renewed", expiresIn: 3600, refreshToken: "hunter-next" });
  await using cloud = fakeCloud(({ url }) => url.pathname === "/token" ? oidc() : portal());
  const run = async (files: Record<string, string>, profile = "new") => {
    const home = await fakeHome({ ".aws/config": SSO_CONFIG, ...files });
    const provider = profileCredentials({ env: home.env, connector: cloud.connector, profile, now });
    return { home, provider };
  };
  const seen = () => cloud.requests.splice(0);

  // A token that is good.
  {
    const { home, provider } = await run({ [cacheName("work")]: token("2024-06-01T12:30:00Z") });
    await using _ = home;
    assert.equal(await keyOf(provider), "SSO s t");
    assert.equal((await provider.get())!.expiration!.getTime(), 1717257600000);
    const [request] = seen();
    assert.equal(
      request!.url.href,
      "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=read%20only&account_id=123456789012",
    );
    assert.equal(request!.headers.get("x-amz-sso_bearer_token"), "hunter-access");
  }
  // The older form.
  {
    const { home, provider } = await run(
      { [cacheName("https://old.awsapps.com/start")]: token("2024-06-01T13:00:00UTC") },
      "old",
    );
    await using _ = home;
    assert.equal(await keyOf(provider), "SSO s t");
    assert.equal(seen()[0]!.url.host, "portal.sso.us-west-2.amazonaws.com");
  }
  // One that has run out, and can be renewed: the cache is written for the other tools.
  {
    const name = cacheName("work");
    const { home, provider } = await run({ [name]: token("2024-06-01T11:00:00Z", renewable) });
    await using _ = home;
    assert.equal(await keyOf(provider), "SSO s t");
    const [renewal, request] = seen();
    assert.equal(renewal!.url.href, "https://oidc.eu-west-1.amazonaws.com/token");
    assert.deepEqual(JSON.parse(renewal!.body), {
      clientId: "client",
      clientSecret: "hunter-client",
      grantType: "refresh_token",
      refreshToken: "hunter-refresh",
    });
    assert.equal(request!.headers.get("x-amz-sso_bearer_token"), "hunter-renewed");
    const written = JSON.parse(await Deno.readTextFile(`${home.path}/${name}`));
    assert.deepEqual(
      [written.accessToken, written.expiresAt, written.refreshToken, written.startUrl],
      ["hunter-renewed", "2024-06-01T13:00:00Z", "hunter-next", renewable.startUrl],
    );
    assert.equal((await Deno.stat(`${home.path}/${name}`)).mode! & 0o777, 0o600);
  }
  // One about to run out is used on when it cannot be renewed; one that has is not.
  oidc = () => Response.json({ error: "invalid_grant", error_description: "too old" }, { status: 400 });
  {
    const { home, provider } = await run({ [cacheName("work")]: token("2024-06-01T12:01:00Z", renewable) });
    await using _ = home;
    assert.equal(await keyOf(provider), "SSO s t");
  }
  const refusals: [files: Record<string, string>, profile: string, message: RegExp][] = [
    [
      { [cacheName("work")]: token("2024-06-01T11:00:00Z", renewable) },
      "new",
      /cannot be renewed \(status 400: invalid_grant: too old\); run "aws sso login --profile new"/,
    ],
    [{ [cacheName("work")]: token("2024-06-01T11:00:00Z") }, "new", /has expired; run/],
    [{}, "new", /nobody has signed in; run/],
    [{}, "lost", /no section \[sso-session nowhere\]/],
    [{ [cacheName("work")]: "hunter" }, "new", /no JSON object/],
  ];
  for (const [files, profile, message] of refusals) {
    const { home, provider } = await run(files, profile);
    await using _ = home;
    assert.match((await failureOf(provider)).message, message);
  }
  const answers: [answer: () => Response, message: RegExp][] = [
    [() => new Response("", { status: 401 }), /not accepted any more; run "aws sso login/],
    [() => Response.json({ message: "No access" }, { status: 403 }), /status 403: No access/],
    [() => Response.json({ roleCredentials: { secretAccessKey: "hunter2" } }), /a field of the answer/],
    [() => new Response("hunter2"), /no JSON object/],
  ];
  for (const [answer, message] of answers) {
    portal = answer;
    const { home, provider } = await run({ [cacheName("work")]: token("2024-06-01T12:30:00Z") });
    await using _ = home;
    assert.match((await failureOf(provider)).message, message);
  }
});
