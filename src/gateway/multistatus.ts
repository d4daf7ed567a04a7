/** The XML of WebDAV responses (RFC 4918 section 13). */

/** Begins a multistatus document. */
export const MULTISTATUS_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n';
/** Ends a multistatus document. */
export const MULTISTATUS_TAIL = "</D:multistatus>\n";
/** Headers of a multistatus response. */
export const MULTISTATUS_HEADERS = { "content-type": "application/xml; charset=utf-8" } as const;

/** A multistatus response of failures: what could not be done of a request on a collection. */
export function multistatusOf(
  failures: readonly { readonly href: string; readonly status: number }[],
): Response {
  const items = failures.map(({ href, status }) =>
    `<D:response><D:href>${escapeXml(href)}</D:href><D:status>HTTP/1.1 ${status} </D:status></D:response>\n`
  );
  return new Response(MULTISTATUS_HEAD + items.join("") + MULTISTATUS_TAIL, {
    status: 207,
    headers: MULTISTATUS_HEADERS,
  });
}

/** Text as the content of an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
