/** A server that plays metadata services and token services, and a connector that leads all hosts to it. */
import assert from "node:assert/strict";
import type { S3CredentialProvider } from "../../../../src/stores/s3/mod.ts";
import { NodeHttpConnector } from "../../../../src/http/node.ts";
import type { HttpConnector } from "../../../../src/http/connector.ts";

/** A request as it was meant to go out. */
export interface SeenRequest {
  readonly method: string;
  /** With the host that was asked, not that of the server. */
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

/** See the file's head. */
export interface FakeCloud extends AsyncDisposable {
  readonly connector: HttpConnector;
  readonly requests: SeenRequest[];
  /** `METHOD URL` of each request. */
  lines(): string[];
}

/** Starts a server that answers as `answer` says; status 404 where it says nothing. */
export function fakeCloud(
  answer: (request: SeenRequest) => Response | string | undefined | Promise<Response | string | undefined>,
): FakeCloud {
  const requests: SeenRequest[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const url = new URL(request.url);
    const asked = new URL(url.pathname + url.search, request.headers.get("x-asked-origin")!);
    const seen = { method: request.method, url: asked, headers: request.headers, body: await request.text() };
    requests.push(seen);
    const given = await answer(seen);
    return typeof given === "string" ? new Response(given) : given ?? new Response("", { status: 404 });
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  const connector: HttpConnector = {
    connect(options) {
      const inner = new NodeHttpConnector().connect(options);
      return {
        call(request) {
          const { origin } = new URL(request.url);
          return inner.call({
            ...request,
            url: base + request.url.slice(origin.length),
            headers: [...request.headers, ["x-asked-origin", origin]],
          });
        },
        close: () => inner.close?.(),
      };
    },
  };
  return {
    connector,
    requests,
    lines: () => requests.map(({ method, url }) => `${method} ${url.href}`),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A home directory with files of the AWS tools, and the environment that leads there. */
export async function fakeHome(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly env: Record<string, string>; readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "storeport-home-" });
  for (const [name, text] of Object.entries(files)) {
    const full = `${path}/${name}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }
  return {
    env: { HOME: path, AWS_EC2_METADATA_DISABLED: "true" },
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The answer of STS for a role. */
export function stsAnswer(action: string, key: string, expiration = "2099-01-01T00:00:00Z"): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>secret-of-${key}</SecretAccessKey>
<SessionToken>token-of-${key}</SessionToken><Expiration>${expiration}</Expiration></Credentials>
</${action}Result><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></${action}Response>`;
}

/** What the metadata services answer. */
export function metadataAnswer(key: string, expiration = "2099-01-01T00:00:00Z"): string {
  return JSON.stringify({
    Code: "Success",
    Type: "AWS-HMAC",
    AccessKeyId: key,
    SecretAccessKey: `secret-of-${key}`,
    Token: `token-of-${key}`,
    Expiration: expiration,
  });
}

/** A role that can be assumed. */
export const ROLE = "arn:aws:iam::123456789012:role/reader";

/** Key, secret and token that a provider gives. */
export async function keyOf(provider: S3CredentialProvider): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = (await provider.get())!;
  return [accessKeyId, secretAccessKey, sessionToken].join(" ");
}

/** What a provider fails with; it holds none of the secrets, which all begin alike. */
export async function failureOf(provider: S3CredentialProvider): Promise<Error> {
  let failure: Error | undefined;
  await assert.rejects(async () => await provider.get(), (error: Error) => (failure = error, true));
  assert.doesNotMatch(`${Deno.inspect(failure)} ${failure!.stack}`, /hunter/, "a secret is in an error");
  return failure!;
}
