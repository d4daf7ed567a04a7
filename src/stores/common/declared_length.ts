/** How long objects are, by their headers. */
import type { HttpResponse } from "../../http/service.ts";
import { headerOf } from "../../http/headers.ts";

/** The stored length that headers declare, whatever the body delivered may be. */
export function declaredLength(response: HttpResponse): number | undefined {
  const value = headerOf(response, "content-length")?.trim();
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
