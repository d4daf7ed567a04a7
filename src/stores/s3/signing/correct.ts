/**
 * Refusals that can be corrected, after which the request is sent once more: clock skew, expired credentials, the wrong
 * region.
 */
import type { HttpResponse } from "../../../http/service.ts";
import { getHeader } from "../../../http/headers.ts";
import { ConnectorResponse } from "../../../http/response.ts";
import type { SigningState } from "./authorize.ts";
import type { S3Credential } from "../credential.ts";
import type { S3CredentialProvider } from "../credentials/provider.ts";
import type { S3Endpoint } from "../endpoint/endpoint.ts";
import { codeOf } from "../core.ts";

/** What a refused request was signed with: others may have put things right since. */
export interface Attempt {
  readonly credential: S3Credential | undefined;
  readonly provider: S3CredentialProvider;
  readonly endpoint: S3Endpoint;
  readonly skew: number;
}

/** A clock off by less is left alone: S3 allows 15 minutes. */
const MAX_SKEW = 4 * 60_000;
const MAX_ERROR = 64 * 1024;

const STALE: readonly string[] = [
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidToken",
  "TokenRefreshRequired",
  "InvalidAccessKeyId",
];
const ELSEWHERE: readonly string[] = [
  "PermanentRedirect",
  "TemporaryRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
  "AuthorizationQueryParametersError",
];

/** Puts right what can be. Returns `undefined` where the request is worth another try, else the refusal, unread. */
export async function correct(
  state: SigningState,
  refused: HttpResponse,
  attempt: Attempt,
  signal: AbortSignal | undefined,
): Promise<HttpResponse | undefined> {
  const { response, text } = await withText(refused);
  const code = codeOf(text);
  if (hasMoved(state, attempt, response, code, text) || isClockSet(state, attempt, response, code, text)) {
    return undefined;
  }
  const { credential, provider } = attempt;
  if (credential === undefined || provider.invalidate === undefined) return response;
  const vague = code === undefined && text === "";
  if (vague ? !mayBeStale(response.status, credential) : code === undefined || !STALE.includes(code)) {
    return response;
  }
  provider.invalidate(credential);
  const fresh = await provider.get(signal);
  if (fresh === undefined) return response;
  if (vague) renewedOnDoubt.add(fresh);
  return same(fresh, credential) ? response : undefined;
}

/** Credentials that were fetched because of a refusal without a word. Once is enough: the reason may be another. */
const renewedOnDoubt = new WeakSet<S3Credential>();

/** Whether a refusal without a word, such as that of a HEAD, may mean that a token has run out: S3 answers 400 then. */
function mayBeStale(status: number, credential: S3Credential): boolean {
  return (status === 401 || status === 400 && credential.sessionToken !== undefined) &&
    !renewedOnDoubt.has(credential);
}

/** Whether the bucket turned out to be in another region, which is then taken. */
function hasMoved(
  state: SigningState,
  attempt: Attempt,
  { status, headers }: HttpResponse,
  code: string | undefined,
  text: string,
): boolean {
  const told = code === undefined
    ? status === 301 || status === 307 || status === 400
    : ELSEWHERE.includes(code);
  if (!told) return false;
  const region = getHeader(headers, "x-amz-bucket-region") ??
    /<Region>([a-z0-9-]{1,63})<\/Region>/.exec(text)?.[1];
  const { endpoint } = attempt;
  if (region === undefined || region === endpoint.region || !/^[a-z0-9-]{1,63}$/.test(region)) return false;
  const moved = endpoint.inRegion(region);
  // A redirect of an endpoint that stays where it is would only come again.
  if (moved.region === endpoint.region || status >= 300 && status < 400 && moved.url === endpoint.url) {
    return false;
  }
  state.endpoint = moved;
  return true;
}

/** Whether our clock turned out to be off, which is then allowed for. */
function isClockSet(
  state: SigningState,
  attempt: Attempt,
  response: HttpResponse,
  code: string | undefined,
  text: string,
): boolean {
  if (
    code === undefined
      ? response.status !== 403 || text !== ""
      : code !== "RequestTimeTooSkewed" && code !== "RequestExpired"
  ) {
    return false;
  }
  const said = getHeader(response.headers, "date") ??
    /<ServerTime>([^<]{1,40})<\/ServerTime>/.exec(text)?.[1];
  const time = said === undefined ? NaN : Date.parse(said);
  if (Number.isNaN(time) || Math.abs(time - Date.now() - attempt.skew) < MAX_SKEW) return false;
  state.skew = time - Date.now();
  return true;
}

function same(a: S3Credential, b: S3Credential): boolean {
  return a.accessKeyId === b.accessKeyId && a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken;
}

/** An error response with its body read, which is short or not looked at; it can be read again. */
async function withText(response: HttpResponse): Promise<{ response: HttpResponse; text: string }> {
  const pieces: Uint8Array[] = [];
  let left = MAX_ERROR;
  try {
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value.subarray(0, left));
      left -= value.byteLength;
      if (left <= 0) {
        await reader.cancel();
        break;
      }
    }
  } catch {
    // Cut short: what there is must do, the status stands.
    await response.cancel().catch(() => {});
  }
  const bytes = new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  let sent = false;
  const copy = new ConnectorResponse({
    status: response.status,
    headers: response.headers,
    decoded: response.decoded,
    source: {
      read: () => {
        const done = sent || bytes.byteLength === 0;
        sent = true;
        return Promise.resolve({ done, value: bytes });
      },
      cancel: () => {},
    },
  });
  return { response: copy, text: new TextDecoder().decode(bytes) };
}
