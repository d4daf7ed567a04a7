/** Failures of S3, as far as every request needs them; what the service says of one is read on demand. */
import type { HeaderList } from "../../../http/headers.ts";
import type { ServiceError } from "../../common/error.ts";

/** The code in an error document, found without parsing it. */
export function codeOf(text: string): string | undefined {
  return /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text)?.[1];
}

/** Reads an error response: its document where there is one, its headers in any case. Never rejects. */
export async function readS3Error(body: string, headers: HeaderList): Promise<ServiceError> {
  try {
    const { readErrorDocument } = await import("./service_error.ts");
    return await readErrorDocument(body, headers);
  } catch {
    // A page whose own server is gone can load nothing: the status and the code must do.
    return { code: codeOf(body) };
  }
}

let prefetched = false;

/** Loads, while all is well, what reads and corrects failures. */
export function prefetchFailures(): void {
  if (prefetched) return;
  prefetched = true;
  Promise.all([import("./service_error.ts"), import("../signing/correct.ts")]).catch(() =>
    prefetched = false
  );
}
