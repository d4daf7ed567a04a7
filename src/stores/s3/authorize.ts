/**
 * Signing, below the retries: each attempt is signed anew, with credentials and a time of its own. Three refusals are
 * put right here and the request made once more: a clock that is off, credentials that have run out, another region.
 */
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../../http/connector.ts";
import { getHeader, hasHeader } from "../../http/headers.ts";
import { ConnectorResponse } from "../../http/response.ts";
import type { S3Credential, S3CredentialProvider } from "./credential.ts";
import type { S3Endpoint } from "./endpoint.ts";
import { signRequest } from "./sigv4.ts";

/** What a store knows of its service, learnt from answers too. */
export interface SigningState {
  /** Where the bucket is. Changed when the service names another region. */
  endpoint: S3Endpoint;
  /** How much the service's clock is ahead of ours, in milliseconds. */
  skew: number;
  /** The configured credentials. */
  readonly credentials: S3CredentialProvider;
  /** Credentials of a session (S3 Express), for all but copies. */
  readonly session?: S3CredentialProvider;
}

/** A clock off by less is left alone: S3 allows 15 minutes. */
const MAX_SKEW = 4 * 60_000;
const MAX_ERROR = 64 * 1024;

const STALE = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidToken",
  "TokenRefreshRequired",
  "InvalidAccessKeyId",
]);
const ELSEWHERE = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
  "AuthorizationQueryParametersError",
]);

/** The time as the service has it. */
export function serviceDate(state: SigningState): Date {
  return new Date(Date.now() + state.skew);
}

/** A layer that signs. */
export function authorize(state: SigningState): HttpLayer {
  return (inner) => new SigningService(inner, state);
}

class SigningService implements HttpService {
  readonly #inner: HttpService;
  readonly #state: SigningState;
  /** What URLs are made with by those above; they may not have heard of a change of region. */
  readonly #configured: string;

  constructor(inner: HttpService, state: SigningState) {
    this.#inner = inner;
    this.#state = state;
    this.#configured = state.endpoint.url;
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    const provider = this.#provider(request);
    const given = provider.get(request.signal);
    const credential = given instanceof Promise ? await given : given;
    const response = await this.#inner.call(this.#signed(request, credential, provider));
    const { status } = response;
    // What can be put right is told by these alone.
    if (
      status < 300 || status !== 400 && status !== 403 && status !== 401 && status !== 301 && status !== 307
    ) {
      return response;
    }
    return await this.#correct(request, response, credential, provider);
  }

  close(): void {
    this.#inner.close?.();
  }

  #provider(request: HttpRequest): S3CredentialProvider {
    const { session, credentials } = this.#state;
    // Copies on directory buckets take no session.
    return session === undefined || hasHeader(request.headers, "x-amz-copy-source") ? credentials : session;
  }

  #signed(
    request: HttpRequest,
    credential: S3Credential | undefined,
    provider: S3CredentialProvider,
  ): HttpRequest {
    const { endpoint, skew, session } = this.#state;
    const url = endpoint.url === this.#configured || !request.url.startsWith(this.#configured)
      ? request.url
      : endpoint.url + request.url.slice(this.#configured.length);
    if (credential === undefined) return url === request.url ? request : { ...request, url };
    const headers = signRequest({ method: request.method, url, headers: request.headers }, {
      credential,
      date: new Date(Date.now() + skew),
      region: endpoint.region,
      service: endpoint.service,
      tokenHeader: provider === session ? "x-amz-s3session-token" : undefined,
    });
    return { ...request, url, headers };
  }

  async #correct(
    request: HttpRequest,
    refused: HttpResponse,
    credential: S3Credential | undefined,
    provider: S3CredentialProvider,
  ): Promise<HttpResponse> {
    const { response, text } = await withText(refused);
    const code = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text)?.[1];
    if (this.#moved(response, code, text) || this.#clockSet(response, code, text)) {
      return await this.#again(request, provider);
    }
    if (
      credential !== undefined && code !== undefined && STALE.has(code) && provider.invalidate !== undefined
    ) {
      provider.invalidate(credential);
      const fresh = await provider.get(request.signal);
      if (fresh !== undefined && !same(fresh, credential)) return await this.#again(request, provider);
    }
    return response;
  }

  async #again(request: HttpRequest, provider: S3CredentialProvider): Promise<HttpResponse> {
    const credential = await provider.get(request.signal);
    return await this.#inner.call(this.#signed(request, credential, provider));
  }

  /** Whether the bucket turned out to be in another region, which is then taken. */
  #moved(response: HttpResponse, code: string | undefined, text: string): boolean {
    const { status, headers } = response;
    const told = code === undefined
      ? status === 301 || status === 307 || status === 400
      : ELSEWHERE.has(code);
    if (!told) return false;
    const region = getHeader(headers, "x-amz-bucket-region") ??
      /<Region>([a-z0-9-]{1,63})<\/Region>/.exec(text)?.[1];
    const { endpoint } = this.#state;
    if (region === undefined || region === endpoint.region || !/^[a-z0-9-]{1,63}$/.test(region)) return false;
    const moved = endpoint.inRegion(region);
    // A redirect of an endpoint that stays where it is would only come again.
    if (moved.region === endpoint.region || status >= 300 && status < 400 && moved.url === endpoint.url) {
      return false;
    }
    this.#state.endpoint = moved;
    return true;
  }

  /** Whether our clock turned out to be off, which is then allowed for. */
  #clockSet(response: HttpResponse, code: string | undefined, text: string): boolean {
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
    if (Number.isNaN(time) || Math.abs(time - Date.now() - this.#state.skew) < MAX_SKEW) return false;
    this.#state.skew = time - Date.now();
    return true;
  }
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
