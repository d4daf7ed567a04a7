/** Who may use a gateway. */
import { HttpFailure } from "./failure.ts";
import type { GatewayAuth } from "./options.ts";

/** Rejects with a 401 unless a request carries one of the credentials. */
export type Authenticate = (request: Request) => Promise<void>;

const UTF8 = new TextEncoder();

/** Makes the check for a gateway's credentials; none when there are none to check. */
export function authenticator(auth: GatewayAuth | undefined): Authenticate | undefined {
  if (auth === undefined) return undefined;
  const bearer = typeof auth.bearer === "string" ? [auth.bearer] : auth.bearer ?? [];
  const basic = auth.basic ?? [];
  if (bearer.some((token) => token === "")) throw new TypeError("Cannot accept an empty bearer token");
  const wanted = Promise.all([
    ...bearer.map((token) => digest(`bearer ${token}`)),
    ...basic.map(({ username, password }) => digest(`basic ${username}:${password}`)),
  ]);
  const challenge = [
    ...bearer.length > 0 ? ['Bearer realm="storeport"'] : [],
    ...basic.length > 0 ? ['Basic realm="storeport", charset="UTF-8"'] : [],
  ].join(", ");
  return async (request) => {
    const given = presented(request.headers.get("authorization") ?? "");
    if (given !== undefined) {
      const hash = await digest(given);
      let accepted = false;
      // All are compared, whichever fits: the time taken tells nothing.
      for (const one of await wanted) accepted = equal(one, hash) || accepted;
      if (accepted) return;
    }
    throw new HttpFailure(401, "Credentials are missing or wrong", { "www-authenticate": challenge });
  };
}

function presented(authorization: string): string | undefined {
  const match = /^(bearer|basic) +([^ ]+) *$/i.exec(authorization);
  if (match === null) return undefined;
  const [, scheme = "", value = ""] = match;
  if (scheme.toLowerCase() === "bearer") return `bearer ${value}`;
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    return `basic ${new TextDecoder().decode(bytes)}`;
  } catch {
    return undefined;
  }
}

/** Hashed first, so that neither content nor length of what is wanted shows in the time that comparing takes. */
async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", UTF8.encode(text)));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
