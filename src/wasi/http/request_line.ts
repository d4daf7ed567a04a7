/** Methods, schemes, paths and authorities: their WIT forms and what of them is accepted. */
import { type AbiType, string, variant } from "../abi/types.ts";
import { isToken } from "../../http/header_syntax.ts";

/** A value of `method`. */
export type Method = { readonly tag: string; readonly val?: string };
/** A value of `scheme`. */
export type Scheme = { readonly tag: "HTTP" | "HTTPS" | "other"; readonly val?: string };

const METHODS = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"] as const;

/** `wasi:http/types.method` */
export const method: AbiType<Method> = variant<Method>({
  ...Object.fromEntries(METHODS.map((name) => [name, undefined])),
  other: string,
});

/** `wasi:http/types.scheme` */
export const scheme: AbiType<Scheme> = variant<Scheme>({ HTTP: undefined, HTTPS: undefined, other: string });

/** The method as a name, in the guest's own case where it is not one of the nine. */
export function methodName(value: Method): string {
  return value.tag === "other" ? value.val! : value.tag.toUpperCase();
}

/** The WIT form of a method's name. */
export function methodOf(name: string): Method {
  const known = METHODS.find((known) => known.toUpperCase() === name);
  return known === undefined ? { tag: "other", val: name } : { tag: known };
}

/** The value with `other("GET")` told as `get`; `undefined` for no method. */
export function checkMethod(value: Method): Method | undefined {
  if (value.tag !== "other") return value;
  return isToken(value.val!) ? methodOf(value.val!) : undefined;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

/** The value with `other("https")` told as `HTTPS`; `undefined` for no scheme. */
export function checkScheme(value: Scheme): Scheme | undefined {
  if (value.tag !== "other") return value;
  switch (value.val!.toLowerCase()) {
    case "http":
      return { tag: "HTTP" };
    case "https":
      return { tag: "HTTPS" };
    default:
      return SCHEME.test(value.val!) ? value : undefined;
  }
}

// deno-lint-ignore no-control-regex -- control characters are what is refused
const PATH = /^[^\x00-\x20\x7f<>`?]*(\?[^\x00-\x20\x7f<>]*)?$/;

/** The path without its fragment; `undefined` for none that could be sent. Lenient, like the common parsers. */
export function checkPath(value: string): string | undefined {
  const hash = value.indexOf("#");
  const path = hash < 0 ? value : value.slice(0, hash);
  return PATH.test(path) ? path : undefined;
}

const AUTHORITY =
  /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:%]*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::([0-9]+))?$/;

/** Whether `value` is `[userinfo@]host[:port]`. */
export function isAuthority(value: string): boolean {
  const match = AUTHORITY.exec(value);
  return match !== null && (match[1] === undefined || Number(match[1]) <= 65_535);
}

/** The path as ASCII: everything else in UTF-8 and percent-encoded. */
export function asciiPath(path: string): string {
  // deno-lint-ignore no-control-regex -- the ASCII range begins with controls, which checkPath refused
  return path.replace(/[^\x00-\x7f]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}
