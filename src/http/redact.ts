/** Taking secrets out of URLs and header lists before they are shown. */
import type { HeaderEntry, HeaderList } from "./headers.ts";

const REDACTED = "REDACTED";

// Signatures, credentials and tokens in queries: S3 and GCS (V4 and V2), CloudFront, Azure SAS, OAuth 2.0, SSE-C.
const SECRET_PARAMETERS = new RegExp(
  "^(x-(amz|goog|oss|cos)-(signature|security-token|credential)|signature|awsaccesskeyid|googleaccessid|" +
    "policy|key-pair-id|sig|.*secret.*|((access|id|refresh|session|security|auth|bearer)[-_]?)?token|" +
    ".*passw(or)?d.*|.*api[-_]?key.*|key|auth|authorization|code|assertion|.*encryption-customer-key)$",
);

/**
 * The URL fit for messages and logs: without user information and fragment, and with the values of query
 * parameters that grant access (`X-Amz-Signature`, `X-Amz-Security-Token`, `X-Amz-Credential`, `sig`, tokens,
 * keys, …) replaced by `REDACTED`. Takes any text, also what is no URL. Every error message goes through it.
 */
export function redactUrl(url: string): string {
  const fragment = url.indexOf("#");
  let shown = fragment < 0 ? url : url.slice(0, fragment);
  const query = shown.indexOf("?");
  let suffix = "";
  if (query >= 0) {
    suffix = shown.slice(query + 1).split("&").map(redactParameter).join("&");
    suffix = `?${suffix}`;
    shown = shown.slice(0, query);
  }
  // The authority ends at the first slash; all before its last "@" is user information. An "@" in a path stays.
  shown = shown.replace(/^([a-z][a-z0-9+.-]*:[\\/]*)[^\\/]*@/i, "$1");
  return shown + suffix;
}

function redactParameter(parameter: string): string {
  const equals = parameter.indexOf("=");
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  let decoded = name;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    // Not well-formed percent-encoding: judged as it is written.
  }
  return SECRET_PARAMETERS.test(decoded.trim().toLowerCase()) ? `${name}=${REDACTED}` : parameter;
}

const SECRET_HEADERS = /* @__PURE__ */ new RegExp(
  "^(.*authorization.*|.*cookie2?|.*token.*|.*secret.*|.*password.*|.*api-?key.*|.*signature.*|" +
    "x-ms-encryption-key(-sha256)?|x-ms-source-encryption-key(-sha256)?|x-goog-.*encryption-key(-sha256)?|" +
    "x-amz-.*server-side-encryption-customer-key(-md5)?|x-identity-header)$",
);
// Headers whose value is a URL that may be signed.
const URL_HEADERS = /^(location|content-location|referer|destination|x-ms-copy-source|x-ms-rename-source)$/;

/**
 * The header list fit for logs: values of credentials, cookies, tokens and customer-provided keys are
 * `REDACTED`, and URLs in `location`, `x-ms-copy-source` and the like go through {@linkcode redactUrl}.
 * Order, names and number of lines stay.
 */
export function redactHeaders(headers: HeaderList): HeaderEntry[] {
  return headers.map(([name, value]): HeaderEntry => {
    const lower = name.toLowerCase();
    if (SECRET_HEADERS.test(lower)) return [name, REDACTED];
    if (URL_HEADERS.test(lower)) return [name, redactUrl(value)];
    return [name, value];
  });
}
