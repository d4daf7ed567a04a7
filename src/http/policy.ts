/** Who may be talked to. */

/** The outcome of a policy question. */
export type PolicyDecision =
  | { readonly allowed: true; readonly rule: string }
  | {
    readonly allowed: false;
    /** `not-listed`: no entry names it. `prohibited-address`: private, loopback, link-local or metadata. `invalid`: not a usable URL. */
    readonly reason: "not-listed" | "prohibited-address" | "invalid";
    readonly message: string;
  };

/** Decides which URLs and addresses requests may go to. */
export interface NetworkPolicy {
  /** Whether this URL may be asked, before any name is resolved. */
  checkUrl(url: string): PolicyDecision;
  /** Whether a connection for `url` may go to this resolved address; the addresses allowed are the only ones tried. */
  checkAddress(url: string, address: string): PolicyDecision;
}
