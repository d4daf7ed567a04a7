/** Credentials: kept, renewed, hidden; and the chain that looks for them. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  cachedCredentials,
  defaultCredentials,
  environmentCredentials,
  type S3Credential,
  S3Store,
  s3StoreFromEnv,
  staticCredentials,
} from "../../../../src/stores/s3/mod.ts";
import { fakeCloud, fakeHome, metadataAnswer, stsAnswer } from "../fake/cloud.ts";

const KEYS = { accessKeyId: "AKID", secretAccessKey: "hunter2", sessionToken: "hunter3" };

Deno.test("credentials are printed without their secrets", async () => {
  const cached = cachedCredentials(() => Promise.resolve({ ...KEYS, expiration: new Date(4e12) }));
  for (const provider of [staticCredentials(KEYS), cached]) {
    const credential = (await provider.get())!;
    assert.equal(credential.secretAccessKey, "hunter2");
    assert.equal(credential.sessionToken, "hunter3");
    const store = new S3Store({ bucket: "bucket", credentials: provider });
    for (const value of [credential, { nested: credential }, [credential], provider, store]) {
      const shown = [
        Deno.inspect(value, { depth: 9, showHidden: true, getters: true }),
        inspect(value, { depth: 9, showHidden: true }),
        JSON.stringify(value),
        `${value}`,
      ].join("\n");
      assert.doesNotMatch(shown, /hunter/);
    }
    assert.match(Deno.inspect(credential), /AKID/);
    // A provider's credentials may be handed on.
    assert.equal((await staticCredentials(credential).get())!.secretAccessKey, "hunter2");
  }
});

/** Credentials numbered in the order in which they were fetched, by a clock that the test sets. */
function numbered(life: number, onRefreshError?: (error: unknown) => void) {
  const state = { now: 1e12, fetched: 0, fail: false, gate: Promise.resolve() };
  const provider = cachedCredentials(async () => {
    state.fetched++;
    await state.gate;
    if (state.fail) throw new Error("the service is down");
    return {
      accessKeyId: `key${state.fetched}`,
      secretAccessKey: "secret",
      expiration: new Date(state.now + life),
    };
  }, { now: () => state.now, onRefreshError });
  return { state, provider };
}

Deno.test("cached credentials: one fetch for all who wait, and again before they expire", async () => {
  const { state, provider } = numbered(3600_000);
  let open!: () => void;
  state.gate = new Promise((resolve) => open = resolve);
  const waiting = Array.from({ length: 100 }, () => provider.get());
  open();
  const keys = (await Promise.all(waiting)).map((credential) => credential!.accessKeyId);
  assert.deepEqual(new Set(keys), new Set(["key1"]));
  assert.equal(state.fetched, 1);
  state.now += 3600_000 - 300_001;
  // What is good is handed out without a promise.
  assert.equal((provider.get() as S3Credential).accessKeyId, "key1");
  state.now += 1;
  const renewed = await Promise.all(Array.from({ length: 10 }, () => provider.get()));
  assert.equal(renewed[0]!.accessKeyId, "key2");
  // The others need not wait while the old ones live.
  assert.ok(renewed.every((credential) => ["key1", "key2"].includes(credential!.accessKeyId)));
  assert.equal((provider.get() as S3Credential).accessKeyId, "key2");
  assert.equal(state.fetched, 2);
});

Deno.test("cached credentials: a clock that is hours ahead does not make each request fetch them", async () => {
  const { state, provider } = numbered(-3600_000);
  for (let i = 0; i < 10; i++) assert.equal((await provider.get())!.accessKeyId, "key1");
  assert.equal(state.fetched, 1);
  state.now += 60_000;
  assert.equal((await provider.get())!.accessKeyId, "key2");
  // Where it is not the clock, the service says so.
  provider.invalidate!((await provider.get())!);
  assert.equal((await provider.get())!.accessKeyId, "key3");
});

Deno.test("cached credentials: old ones that live are used on when renewing fails", async () => {
  const warnings: unknown[] = [];
  const { state, provider } = numbered(400_000, (error) => {
    warnings.push(error);
    throw new Error("a hook that fails");
  });
  await provider.get();
  state.now += 200_000;
  state.fail = true;
  const served = await Promise.all([provider.get(), provider.get(), provider.get()]);
  assert.deepEqual(served.map((credential) => credential!.accessKeyId), ["key1", "key1", "key1"]);
  assert.equal(warnings.length, 1);
  assert.match(String(warnings[0]), /the service is down/);
  // Not asked again for each request.
  assert.equal((provider.get() as S3Credential).accessKeyId, "key1");
  assert.equal(state.fetched, 2);
  // Expired ones are not.
  state.now += 200_000;
  await assert.rejects(async () => await provider.get(), /the service is down/);
  assert.equal(warnings.length, 1);
  state.fail = false;
  assert.equal((await provider.get())!.accessKeyId, "key4");
});

Deno.test("cached credentials: invalidated ones are fetched anew, a late refusal of old ones changes nothing", async () => {
  const { state, provider } = numbered(3600_000);
  const first = (await provider.get())!;
  provider.invalidate!(first);
  const second = (await provider.get())!;
  assert.equal(second.accessKeyId, "key2");
  provider.invalidate!(first);
  assert.equal((await provider.get())!.accessKeyId, "key2");
  assert.equal(state.fetched, 2);
});

Deno.test("cached credentials: who stops waiting stops nobody else", async () => {
  const { state, provider } = numbered(3600_000);
  let open!: () => void;
  state.gate = new Promise((resolve) => open = resolve);
  const controller = new AbortController();
  const leaving = provider.get(controller.signal);
  const staying = provider.get();
  const reason = new Error("no patience");
  controller.abort(reason);
  await assert.rejects(async () => await leaving, (error) => error === reason);
  await assert.rejects(async () => await provider.get(controller.signal), (error) => error === reason);
  open();
  assert.equal((await staying)!.accessKeyId, "key1");
  assert.equal(state.fetched, 1);
});

Deno.test("environment: keys come in pairs", async () => {
  const env = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret", AWS_SESSION_TOKEN: "token" };
  const credential = (await environmentCredentials({ env }).get())!;
  assert.deepEqual(
    [credential.accessKeyId, credential.secretAccessKey, credential.sessionToken],
    ["AKID", "secret", "token"],
  );
  for (const half of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
    const provider = environmentCredentials({ env: { [half]: "hunter2" } });
    await assert.rejects(async () => await provider.get(), (error: Error) => {
      assert.equal(error.name, "ConfigurationError");
      assert.match(error.message, new RegExp(`"${half}" alone`));
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
  await assert.rejects(async () => await environmentCredentials({ env: {} }).get(), {
    name: "UnauthenticatedError",
  });
});

Deno.test("the chain takes the first place that is configured", async () => {
  await using home = await fakeHome({
    ".aws/credentials": "[default]\naws_access_key_id=PROFILE\naws_secret_access_key=s\n" +
      "[other]\naws_access_key_id=OTHER\naws_secret_access_key=s\n",
    "token": "the-token\n",
  });
  await using cloud = fakeCloud(({ url, body }) => {
    if (url.host.startsWith("sts.")) {
      assert.match(body, /WebIdentityToken=the-token&/);
      return stsAnswer("AssumeRoleWithWebIdentity", "WEB");
    }
    if (url.host === "169.254.170.2") return metadataAnswer("CONTAINER");
    if (url.pathname === "/latest/api/token") return "imds-token";
    return url.pathname.endsWith("/") ? "role" : metadataAnswer("INSTANCE");
  });
  const { connector } = cloud;
  const keys = { AWS_ACCESS_KEY_ID: "ENV", AWS_SECRET_ACCESS_KEY: "s" };
  const web = {
    AWS_WEB_IDENTITY_TOKEN_FILE: `${home.path}/token`,
    AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r",
  };
  const files = { HOME: home.path };
  const container = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/id" };
  const table: [env: Record<string, string>, options: { profile?: string }, key: string][] = [
    [{ ...keys, ...web, ...files, ...container }, {}, "ENV"],
    [{ ...web, ...files, ...container }, {}, "WEB"],
    [{ ...files, ...container }, {}, "PROFILE"],
    [{ ...files, ...container, AWS_PROFILE: "other" }, {}, "OTHER"],
    [{ HOME: "/nowhere", ...container }, {}, "CONTAINER"],
    [{ HOME: "/nowhere" }, {}, "INSTANCE"],
    // A profile in the options goes before all; one in the environment does not go before its keys.
    [{ ...keys, ...web, ...files }, { profile: "other" }, "OTHER"],
    [{ ...keys, ...files, AWS_PROFILE: "other" }, {}, "ENV"],
    // Half of a web identity is none.
    [{ HOME: "/nowhere", ...container, AWS_ROLE_ARN: web.AWS_ROLE_ARN }, {}, "CONTAINER"],
  ];
  for (const [env, options, key] of table) {
    const credential = await defaultCredentials({ env, connector, ...options }).get();
    assert.equal(credential!.accessKeyId, key, JSON.stringify(env));
  }
});

Deno.test("the chain says where it looked, and does not pass over what is broken", async () => {
  await using home = await fakeHome({});
  await using cloud = fakeCloud(() => new Response("hunter2", { status: 418 }));
  const { connector } = cloud;
  const nothing = defaultCredentials({ env: home.env, connector });
  await assert.rejects(async () => await nothing.get(), (error: Error) => {
    assert.equal(error.name, "UnauthenticatedError");
    assert.match(
      error.message,
      /no keys in the environment, no web identity, no profile "default" with credentials, no container, and the instance metadata service is turned off; for a public bucket set "skipSignature"/,
    );
    return true;
  });
  assert.deepEqual(cloud.requests, []);
  const broken: [env: Record<string, string>, message: RegExp][] = [
    [{ AWS_PROFILE: "missing" }, /Cannot find the profile "missing"/],
    [{ AWS_ACCESS_KEY_ID: "AKID" }, /alone/],
    [
      { AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere/token", AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r" },
      /token file "\/nowhere\/token" is not there/,
    ],
    [{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" }, /container: status 418/],
    [{ AWS_EC2_METADATA_DISABLED: "false" }, /instance: status 418 for a token/],
  ];
  for (const [env, message] of broken) {
    const provider = defaultCredentials({ env: { ...home.env, ...env }, connector });
    await assert.rejects(async () => await provider.get(), (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(Deno.inspect(error), /hunter2/);
      return true;
    });
  }
});

Deno.test("in a browser nothing is looked for", async () => {
  const saved = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  await using cloud = fakeCloud(() => "");
  Reflect.deleteProperty(globalThis, "process");
  try {
    for (const env of [undefined, { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "s" }]) {
      await assert.rejects(async () => await defaultCredentials({ env, connector: cloud.connector }).get(), {
        name: "NotSupportedError",
        message: /this platform has no environment, files or metadata service/,
      });
    }
    await assert.rejects(s3StoreFromEnv({ bucket: "bucket" }), { name: "NotSupportedError" });
  } finally {
    Object.defineProperty(globalThis, "process", saved);
  }
  assert.deepEqual(cloud.requests, []);
});

async function inDeno(permissions: readonly string[], code: string): Promise<string> {
  const mod = new URL("../../../../src/stores/s3/mod.ts", import.meta.url).href;
  const config = new URL("../../../../deno.json", import.meta.url).pathname;
  const script = `import * as s3 from ${JSON.stringify(mod)};
    try { console.log(await (async () => { ${code} })()); }
    catch (error) { console.log(error.name + ": " + error.message); }`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", "--config", config, ...permissions, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "hunter2", AWS_REGION: "eu-west-1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("Deno: a permission that is missing is named", async () => {
  const ask = "return (await s3.defaultCredentials().get()).accessKeyId;";
  assert.match(await inDeno([], ask), /PermissionDeniedError: Cannot read the environment: .*--allow-env/);
  // The variables of AWS are enough; files that may not be read are passed over.
  assert.match(await inDeno(["--allow-env=AWS_*"], ask), /^AKID/);
  assert.match(await inDeno(["--allow-env=AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY"], ask), /^AKID/);
  const profile = 'return await s3.profileCredentials({ profile: "x" }).get();';
  assert.match(await inDeno(["--allow-env"], profile), /PermissionDeniedError: .*--allow-read/);
  const store = 'return (await s3.s3StoreFromEnv({ bucket: "bucket" })).name;';
  assert.match(await inDeno(["--allow-env=AWS_*"], store), /^AmazonS3\(bucket\)/);
});
