/** Verifies what was read against the checksum that the service stores with the object. */
import { getHeader, type HeaderList } from "../../../http/headers.ts";
import { GenericError } from "../../../store/error.ts";
import { wrapGetResult } from "../../../store/result.ts";
import type { GetResult } from "../../../store/types.ts";
import { type ChecksumAlgorithm, checksumHeader, checksumName } from "./algorithm.ts";
import { type Checksum, createCrc, sumOf } from "./crc.ts";
import { STORE } from "../core.ts";

/**
 * A whole object whose body fails at its end where the bytes are not those of the checksum. Resuming a broken body is
 * below this, so the sum is over what was put together. Without a checksum of all bytes the result is returned as it
 * is.
 */
export function verified(result: GetResult): GetResult | Promise<GetResult> {
  const headers = result.response?.headers ?? [];
  const declared = declaredChecksum(headers);
  // What the platform may have decoded is not what the service summed up.
  const coding = getHeader(headers, "content-encoding")?.trim().toLowerCase();
  if (declared === undefined || (coding !== undefined && coding !== "" && coding !== "identity")) {
    return result;
  }
  const { algorithm, value } = declared;
  if (algorithm !== "sha256") return held(result, createCrc(algorithm), algorithm, value);
  return import("./checksum.ts").then(({ createChecksum }) =>
    held(result, createChecksum(algorithm), algorithm, value)
  );
}

/** The checksum of all bytes that a response declares, the cheapest to check first. */
export function declaredChecksum(
  headers: HeaderList,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  if (getHeader(headers, "x-amz-checksum-type")?.toUpperCase() === "COMPOSITE") return undefined;
  for (const algorithm of ["crc32c", "crc64nvme", "sha256"] as const) {
    const value = getHeader(headers, checksumHeader(algorithm))?.trim();
    // A dash and a number of parts make a checksum of checksums, whatever the type says.
    if (value !== undefined && value !== "" && !value.includes("-")) return { algorithm, value };
  }
  return undefined;
}

function held(result: GetResult, checksum: Checksum, algorithm: ChecksumAlgorithm, value: string): GetResult {
  return wrapGetResult(result, {
    hooks: {
      chunk: (chunk) => void checksum.update(chunk),
      flush: () => {
        const sum = sumOf(checksum, []);
        if (sum === value) return;
        const { location } = result.meta;
        throw new GenericError(
          `Cannot get "${location}": the bytes are damaged, their ${
            checksumName(algorithm)
          } is ${sum}, the service has ${value}`,
          { store: STORE, path: location },
        );
      },
    },
  });
}
