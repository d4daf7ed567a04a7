/** Opening stores over the fake, and looking at how they fail. */
import { strict as assert } from "node:assert";
import type { HttpRequest } from "../../../../src/http/service.ts";
import { HttpError } from "../../../../src/http/error.ts";
import type { HeaderList } from "../../../../src/http/headers.ts";
import { ConnectorResponse } from "../../../../src/http/response.ts";
import { ObjectStoreError } from "../../../../src/store/error.ts";
import { S3Store, type S3StoreOptions } from "../../../../src/stores/s3/mod.ts";
import { FakeS3, type FakeS3Options, type Hook, KEYS } from "./s3.ts";

const QUICK = { retry: { initBackoff: 1, maxBackoff: 2, maxRetries: 4 } };

/** A store over a fake, that retries quickly. */
export function open(
  hook?: Hook,
  options: Partial<S3StoreOptions> = {},
  fake: FakeS3Options = {},
): { service: FakeS3; store: S3Store } {
  const service = new FakeS3(fake);
  service.hook = hook;
  return {
    service,
    store: new S3Store({ bucket: "bucket", ...KEYS, connector: service, client: QUICK, ...options }),
  };
}

/** A hook that answers the first `times` requests that a test picks. */
export function first(times: number, pick: (request: HttpRequest) => boolean, give: Hook): Hook {
  let left = times;
  return (request, parts) => pick(request) && left-- > 0 ? give(request, parts) : undefined;
}

/** The error of an action that must fail; it shows no secret. */
export async function failing(action: Promise<unknown>): Promise<ObjectStoreError> {
  try {
    await action;
  } catch (error) {
    assert.ok(error instanceof ObjectStoreError, String(error));
    const shown = `${error.stack} ${JSON.stringify(error)}`;
    assert.ok(
      !shown.includes(KEYS.secretAccessKey) && !/Signature=\w/.test(shown),
      "an error shows a secret",
    );
    return error;
  }
  throw new Error("it should have failed");
}

/** A connection that broke. */
export const interrupted = (): HttpError =>
  new HttpError("interrupted", "connection reset", { detail: { tag: "connection-terminated" } });

/** A body that breaks after some bytes. */
export function cut(status: number, text: string, at: number, headers: HeaderList = []): ConnectorResponse {
  let step = 0;
  return new ConnectorResponse({
    status,
    headers,
    contentLength: text.length,
    source: {
      read: () =>
        step++ === 0
          ? Promise.resolve({ done: false, value: new TextEncoder().encode(text.slice(0, at)) })
          : Promise.reject(interrupted()),
      cancel: () => {},
    },
  });
}
