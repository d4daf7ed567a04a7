/**
 * The digests of customers' keys, which go beside them. Loaded where objects are encrypted so: nothing else here takes
 * MD5.
 */
import type { HttpService } from "../../../http/service.ts";
import { fromBase64 } from "../checksum/base64.ts";
import { contentMd5 } from "../checksum/content_md5.ts";

/** A layer that adds `…-customer-key-MD5` to requests with a key. */
export function withKeyDigests(inner: HttpService): HttpService {
  return {
    call: (request) => {
      const digests = request.headers.filter(([name]) => name.endsWith("-customer-key"))
        .map(([name, key]) => [`${name}-MD5`, contentMd5(fromBase64(key)!)] as const);
      return inner.call({ ...request, headers: [...request.headers, ...digests] });
    },
    close: () => inner.close?.(),
  };
}
