/** The host's cases that use the network, over `fetch`: what a browser or an edge worker would give guests. */
import assert from "node:assert/strict";
import { FetchConnector } from "../../src/http/fetch.ts";
import { hostCases, withEnv } from "./cases/mod.ts";
import "./generator.ts";

/** What `fetch` cannot do, by the beginning of the case's name. */
const BEYOND_FETCH: Readonly<Record<string, string>> = {
  "timeout:": "one timer for connecting and the head",
  "first-byte and between-bytes": "one timer for connecting and the head",
  "headers: duplicates": "duplicate response headers are joined",
  "errors of a body": "no code for a broken chunk",
  "trailers go out": "no trailers",
  "methods go out": "TRACE is refused",
  "paths go out as written": "paths that a URL parser would change are refused",
};

for (const area of ["outbound", "http", "limits"]) {
  for (const { name, run } of hostCases[area]!) {
    if (Object.keys(BEYOND_FETCH).some((prefix) => name.startsWith(prefix))) continue;
    Deno.test(`host over fetch, ${area}: ${name}`, () => withEnv(run, { connector: new FetchConnector() }));
  }
}

Deno.test("host over fetch: what it cannot do is an error, never silently wrong", () =>
  withEnv(async (env) => {
    const trailers = await env.run(["http_trailers_out"]).catch((error: Error) => error.message);
    assert.match(String(trailers), /HttpRequestTrailerSectionSize/);
    const trace = await env.ok(["http_method", "TRACE"]);
    assert.match(trace.text, /HttpRequestMethodInvalid|HttpProtocolError|HttpRequestDenied/);
    await env.ok(["dot_segments", env.url]);
    assert.ok(env.origin.seen.every(({ target }) => target.startsWith("/")));
  }, { connector: new FetchConnector() }));
