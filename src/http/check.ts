/** What is checked of a client's options before anything is sent. */
import { isFieldValue, isToken } from "./header_syntax.ts";
import type { HeaderList } from "./headers.ts";
import { checkLimits } from "./limit_options.ts";
import type { ClientOptions } from "./options.ts";
import { ConfigurationError } from "../store/error.ts";

/**
 * Checks what a client does with its options itself; the connector checks the rest.
 *
 * @throws {ConfigurationError} for an option that makes no sense.
 */
export function checkClient({ limits, defaultHeaders = [], userAgent }: ClientOptions): void {
  if (limits !== undefined) checkLimits(limits);
  checkHeaders(defaultHeaders);
  if (userAgent !== undefined) checkHeaders([["user-agent", userAgent]]);
}

/**
 * Checks header lines that are added to requests.
 *
 * @throws {ConfigurationError} for a line that is not a valid header.
 */
export function checkHeaders(headers: HeaderList): void {
  for (const [name, value] of headers) {
    if (isToken(name) && isFieldValue(value)) continue;
    // The value is not shown: it may be a key.
    throw new ConfigurationError(`Cannot use the default header "${name}": it is not a valid header line`, {
      store: "HTTP",
      key: "defaultHeaders",
    });
  }
}
