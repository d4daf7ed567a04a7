/** Verifies what was read against the checksum that the service stores with the object. */
import { getHeader } from "../../http/headers.ts";
import { GenericError } from "../../store/error.ts";
import { wrapGetResult } from "../../store/result.ts";
import type { GetResult } from "../../store/types.ts";
import { toBase64 } from "./checksum/base64.ts";
import { checksumName, createChecksum, declaredChecksum } from "./checksum/checksum.ts";
import { STORE } from "./core.ts";

/**
 * A whole object whose body fails at its end where the bytes are not those of the checksum. Resuming a broken body is below this, so the
 * sum is over what was put together. Without a checksum of all bytes the result is returned as it is.
 */
export function verified(result: GetResult): GetResult {
  const headers = result.response?.headers ?? [];
  const declared = declaredChecksum(headers);
  // What the platform may have decoded is not what the service summed up.
  const coding = getHeader(headers, "content-encoding")?.trim().toLowerCase();
  if (declared === undefined || (coding !== undefined && coding !== "" && coding !== "identity")) {
    return result;
  }
  const checksum = createChecksum(declared.algorithm);
  return wrapGetResult(result, {
    hooks: {
      chunk: (chunk) => void checksum.update(chunk),
      flush: () => {
        const sum = toBase64(checksum.digest());
        if (sum === declared.value) return;
        const { location } = result.meta;
        throw new GenericError(
          `Cannot get "${location}": the bytes are damaged, their ${
            checksumName(declared.algorithm)
          } is ${sum}, the service has ${declared.value}`,
          { store: STORE, path: location },
        );
      },
    },
  });
}
