/**
 * Signing, below the retries: each attempt is signed anew, with credentials and a time of its own. Some refusals are
 * put right (`correct.ts`), and the request is made once more.
 */
import { type HttpStreamBody, isStreamBody } from "../../../http/body.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../../../http/service.ts";
import { hasHeader, type HeaderList } from "../../../http/headers.ts";
import type { S3Credential } from "../credential.ts";
import type { S3CredentialProvider } from "../credentials/provider.ts";
import type { S3Endpoint } from "../endpoint/endpoint.ts";
import { prefetchFailures } from "../errors/read_error.ts";
import type { SignOptions } from "./canonical.ts";
import { signRequest } from "./sign.ts";

/** A body that is signed as it is sent, beginning with the signature of its request. */
export interface SignedBody extends HttpStreamBody {
  /** Takes the header lines of the request, and what they were signed with. */
  begin(headers: HeaderList, how: SignOptions): void;
}

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
    const { endpoint, skew } = this.#state;
    const signed = this.#signed(request, credential, provider);
    const response = await this.#inner.call(signed instanceof Promise ? await signed : signed);
    const { status } = response;
    if (status < 300) {
      prefetchFailures();
      return response;
    }
    // What has been read of a stream cannot be sent again.
    if (request.body !== undefined && isStreamBody(request.body)) return response;
    // What can be put right is told by these alone.
    if (status !== 400 && status !== 403 && status !== 401 && status !== 301 && status !== 307) {
      return response;
    }
    let correct: typeof import("./correct.ts").correct;
    try {
      ({ correct } = await import("./correct.ts"));
    } catch {
      // A page whose own server is gone can load nothing: the refusal stands.
      return response;
    }
    const attempt = { credential, provider, endpoint, skew };
    return await correct(this.#state, response, attempt, request.signal) ??
      await this.#again(request, provider);
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
  ): HttpRequest | Promise<HttpRequest> {
    const { endpoint, skew, session } = this.#state;
    const url = endpoint.url === this.#configured || !request.url.startsWith(this.#configured)
      ? request.url
      : endpoint.url + request.url.slice(this.#configured.length);
    if (credential === undefined) return url === request.url ? request : { ...request, url };
    const how = {
      credential,
      date: new Date(Date.now() + skew),
      region: endpoint.region,
      service: endpoint.service,
      tokenHeader: provider === session ? "x-amz-s3session-token" : undefined,
    };
    const headers = signRequest({ method: request.method, url, headers: request.headers }, how);
    const { body } = request;
    if (body !== undefined && "begin" in body) {
      return Promise.resolve(headers).then((headers) => {
        (body as SignedBody).begin(headers, how);
        return { ...request, url, headers };
      });
    }
    return headers instanceof Promise
      ? headers.then((headers) => ({ ...request, url, headers }))
      : { ...request, url, headers };
  }

  async #again(request: HttpRequest, provider: S3CredentialProvider): Promise<HttpResponse> {
    const credential = await provider.get(request.signal);
    return await this.#inner.call(await this.#signed(request, credential, provider));
  }
}
