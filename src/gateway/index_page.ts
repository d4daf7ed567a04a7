/** GET of a collection: a listing for people (HTML) and for programs (JSON). */
import { fileNameOf, type Path } from "../store/path.ts";
import type { ListResult } from "../store/types.ts";
import { type GatewayContext, hrefOf } from "./context.ts";
import { HttpFailure } from "./failure.ts";

/** The listing of one level; 404 where nothing lies below the path. */
export async function collectionIndex(
  context: GatewayContext,
  path: Path,
  request: Request,
): Promise<Response> {
  const missing = new HttpFailure(404, "There is no such collection");
  if (context.options.index === false) throw missing;
  const listing = await context.store.listWithDelimiter(path, {
    signal: context.signal,
    invalidPaths: "skip",
  });
  if (path !== "" && listing.commonPrefixes.length + listing.objects.length === 0) throw missing;
  const json = prefersJson(request.headers.get("accept") ?? "");
  const body = request.method === "HEAD"
    ? null
    : json
    ? jsonOf(path, listing)
    : htmlOf(context, path, listing);
  return new Response(body, {
    headers: {
      "content-type": json ? "application/json" : "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
      "vary": "accept",
    },
  });
}

function prefersJson(accept: string): boolean {
  const json = accept.search(/\bapplication\/json\b/);
  const html = accept.search(/\btext\/html\b/);
  return json >= 0 && (html < 0 || json < html);
}

function jsonOf(path: Path, listing: ListResult): string {
  return JSON.stringify({
    path,
    collections: listing.commonPrefixes,
    objects: listing.objects.map(({ location, size, lastModified, eTag }) => ({
      path: location,
      size,
      lastModified: lastModified.toISOString(),
      eTag,
    })),
  });
}

function htmlOf(context: GatewayContext, path: Path, listing: ListResult): string {
  const title = escapeHtml(`/${path}${path === "" ? "" : "/"}`);
  const up = path === ""
    ? ""
    : `<tr><td><a href="${hrefOf(context, path.slice(0, Math.max(0, path.lastIndexOf("/"))), true)}">../</a>`;
  const collections = listing.commonPrefixes.map((prefix) =>
    `<tr><td><a href="${hrefOf(context, prefix, true)}">${escapeHtml(fileNameOf(prefix)!)}/</a>`
  );
  const objects = [...listing.objects]
    .sort((a, b) => a.location < b.location ? -1 : 1)
    .map(({ location, size, lastModified }) =>
      `<tr><td><a href="${hrefOf(context, location, false)}">${escapeHtml(fileNameOf(location)!)}</a>` +
      `<td class="n">${size.toLocaleString("en")}<td>${lastModified.toISOString().replace(/\..*/, "Z")}`
    );
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width">
<style>body{font:15px system-ui;margin:2em}td{padding:.15em 1em .15em 0}.n{text-align:right}</style>
<h1>${title}</h1>
<table>${[up, ...collections, ...objects].join("\n")}</table>
`;
}

/** Text as HTML, in content and in double quotes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
