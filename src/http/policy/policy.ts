/** Network policies: which hosts may be reached. */
import { HttpError } from "../error.ts";
import { redactUrl } from "../redact.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";

/** A policy question answered with yes. */
export interface PolicyAllowed {
  /** Yes. */
  readonly allowed: true;
  /** The entry that allows it. */
  readonly rule: string;
}

/** A policy question answered with no. */
export interface PolicyDenied {
  /** No. */
  readonly allowed: false;
  /**
   * `not-listed`: no entry names it. `prohibited-address`: private, loopback, link-local or metadata. `invalid`: not a
   * usable URL.
   */
  readonly reason: "not-listed" | "prohibited-address" | "invalid";
  /**
   * Why, and which entry would allow it. May hold a resolved private address: for the operator, not for a guest, who is
   * told the error's `detail` only.
   */
  readonly message: string;
}

/** The outcome of a policy question. */
export type PolicyDecision = PolicyAllowed | PolicyDenied;

/**
 * Decides which URLs and addresses requests may go to. Asked twice: for the URL before anything happens, and for every
 * address its name resolves to, so that a name cannot be re-pointed to a forbidden address in between (DNS
 * rebinding). A redirect is never followed by a connector; whoever follows one makes a new request, which is
 * decided anew.
 */
export interface NetworkPolicy {
  /** Whether this URL may be asked, before any name is resolved. */
  checkUrl(url: string): PolicyDecision;
  /** Whether a connection for `url` may go to this resolved address; the addresses allowed are the only ones tried. */
  checkAddress(url: string, address: string): PolicyDecision;
}

/** Refuses everything. */
export const denyAll: NetworkPolicy = {
  checkUrl: (url) => ({
    allowed: false,
    reason: "not-listed",
    message: `"${redactUrl(url)}" is not allowed: no network access was given`,
  }),
  checkAddress: (url) => denyAll.checkUrl(url),
};

/** Allows everything, private and metadata addresses too: for a program's own requests, never for a guest's. */
export const allowAll: NetworkPolicy = {
  checkUrl: () => ({ allowed: true, rule: "all" }),
  checkAddress: () => ({ allowed: true, rule: "all" }),
};

/**
 * The error of a refusal: kind `denied` with detail `HTTP-request-denied` (not listed) or
 * `destination-IP-prohibited`, or kind `request` with `HTTP-request-URI-invalid`. `action` is what could not be
 * done, such as `send GET`. For connectors, which ask about addresses.
 */
export function policyError(action: string, denied: PolicyDenied): HttpError {
  const message = `Cannot ${action}: ${denied.message}`;
  switch (denied.reason) {
    case "invalid":
      // Already a sentence that says what failed.
      return new HttpError("request", denied.message, { detail: { tag: "HTTP-request-URI-invalid" } });
    case "prohibited-address":
      return new HttpError("denied", message, { detail: { tag: "destination-IP-prohibited" } });
    case "not-listed":
      return new HttpError("denied", message, { detail: { tag: "HTTP-request-denied" } });
  }
}

/**
 * A layer that asks the policy about each request's URL and refuses before anything is sent, with
 * {@linkcode policyError}. Resolved addresses are asked about by the connector, which alone sees them:
 * `NodeHttpConnector` does and connects to no other; over `fetch`, which resolves by itself, names are as
 * trustworthy as their DNS, so give the process network permissions to match.
 */
export function withPolicy(policy: NetworkPolicy): HttpLayer {
  return (inner) => new PolicyService(inner, policy);
}

class PolicyService implements HttpService {
  readonly #inner: HttpService;
  readonly #policy: NetworkPolicy;

  constructor(inner: HttpService, policy: NetworkPolicy) {
    this.#inner = inner;
    this.#policy = policy;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    let decision: PolicyDecision;
    try {
      decision = this.#policy.checkUrl(request.url);
    } catch (cause) {
      // A policy that fails has not allowed anything.
      decision = { allowed: false, reason: "not-listed", message: `the policy failed: ${String(cause)}` };
    }
    if (decision.allowed) return this.#inner.call(request);
    return Promise.reject(policyError(`send ${request.method}`, decision));
  }

  close(): void {
    this.#inner.close?.();
  }
}
