/** The `content-md5` header, apart from base64: few requests have it. */
import { md5 } from "@noble/hashes/legacy.js";
import { toBase64 } from "./base64.ts";

/** The `content-md5` of bytes. */
export function contentMd5(bytes: Uint8Array): string {
  return toBase64(md5(bytes));
}
