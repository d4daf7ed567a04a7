/** What the guests that are ordinary programs must do, toolchain by toolchain: the same kind of list as `cases.ts`. */
import type { CheckCase } from "./cases.ts";

/** Gives all cases of a list their guest. */
function of(guest: string, cases: readonly CheckCase[]): readonly CheckCase[] {
  return cases.map((check) => ({ ...check, guest }));
}

/** Plain Rust, without HTTP. */
const HELLO = of("hello", [
  { run: [], stdout: [/^Hello, WASI!\n$/] },
  { run: ["args", "", "é 😀"], stdout: [/^"hello\.wasm"\n"args"\n""\n"é 😀"\n$/] },
  { run: ["env", "A", "B"], env: { A: "1" }, stdout: [/^A=1\nB is not set\n$/] },
  {
    run: ["cat"],
    stdin: "text\n".repeat(100_000),
    stdout: [/^(text\n){100000}$/],
    stderr: [/^500000 bytes$/m],
  },
  {
    run: ["cat-file", "/one/a.txt"],
    dirs: [{ guest: "/one", files: { "a.txt": "content" } }],
    stdout: [/^content$/],
  },
  { run: ["cat-file", "/one/../../secret"], dirs: [{ guest: "/one" }], ends: 1 },
  { run: ["write-file", "/one/b.txt", "text"], dirs: [{ guest: "/one" }] },
  { run: ["ls", "/one"], dirs: [{ guest: "/one", files: { "b": "", "a/": "" } }], stdout: [/^a\nb\n$/] },
  { run: ["ls", "/"], ends: 1, stderr: [/os error/] },
  { run: ["prompt"], stdin: "me\n", stdout: [/^> you said "me"\n$/] },
  { run: ["out", "300000", "1000"], stdout: [/^[\s\S]{250000,}$/] },
  { run: ["err", "words"], stderr: [/^words$/m], stdout: [/^$/] },
  { run: ["exit", "0"], ends: 0 },
  // The interface that Rust's library uses knows only success and failure.
  { run: ["exit", "7"], ends: 1 },
  { run: ["fail"], ends: 1 },
  { run: ["panic", "the reason"], ends: "trap", stderr: [/the reason/] },
  { run: ["trap"], ends: "trap" },
  { run: ["sleep", "30"], stdout: [/^slept$/m] },
  { run: ["clock"], stdout: [/^\d{10,}\.\d{9} \d+$/m] },
  { run: ["memory", "8"], stdout: [/^8 MiB$/m] },
]);

/** Rust with wstd. */
const WSTD = of(
  "http",
  [
    { run: ({ url }) => ["get", `${url}/bytes/3`], stdout: [/^status 200$/m, /^header content-length: 3$/m] },
    { run: ({ url }) => ["post", `${url}/post`, "text"], stdout: [/^body text$/m] },
    { run: ({ closed }) => ["error", `${closed}/`], stdout: [/^error .*ConnectionRefused$/m] },
    { run: ({ url }) => ["error", `${url}/truncated`], stdout: [/^status 200, then error /m] },
    {
      run: ({ url }) => ["trailers", `${url}/trailers`, "text"],
      stdout: [/^body x-checksum: 4$/m],
      notOverFetch: "fetch sends no trailers",
    },
    {
      run: ({ url }) => ["trailers", `${url}/with-trailers`, "text"],
      stdout: [/^trailer x-checksum: 42$/m],
      notOverFetch: "fetch shows no trailers",
    },
    { run: ({ url }) => ["timeout", "first-byte", `${url}/slow?ms=10000`, "200"], stdout: [/^error /m] },
    { run: ({ url }) => ["timeout", "between-bytes", `${url}/stall`, "200"], stdout: [/^body error /m] },
    { run: ({ url }) => ["deadline", `${url}/slow?ms=10000`, "100"], stdout: [/^given up\nwent on$/m] },
    {
      run: ({ url }) => ["race", `${url}/slow?ms=10000`, `${url}/slow?ms=50`],
      stdout: [/^first .*ms=50 200$/m],
    },
    {
      run: ({ url }) => ["concurrent", `${url}/slow?ms=300`, "30"],
      stdout: [/^responses 30$/m, /^ticks ([3-9]|[1-9]\d+)$/m],
    },
  ],
).map((check): CheckCase => ({
  ...check,
  notOnWasmtime:
    "it may close the stream of an empty body before wstd looks at it, and wstd takes that for a failure",
}));

/** Rust on the raw bindings. */
const TRANSFERS = of("http", [
  { run: ({ url }) => ["download", `${url}/bytes/50000000`], stdout: [/^bytes 50000000$/m] },
  { run: ({ url }) => ["checksum", `${url}/bytes/1000`], stdout: [/^fnv1a 90c604558366906d$/m] },
  { run: ({ url }) => ["upload", `${url}/sink`, "50000000"], stdout: [/^status 200\nbytes 50000000$/m] },
  { run: ({ url }) => ["echo", `${url}/echo`, "67108864"], stdout: [/^bytes 67108864$/m] },
  { run: ({ url }) => ["small", `${url}/bytes/1024`, "200"], stdout: [/^requests 200\nbytes 204800$/m] },
  {
    run: ({ url }) => ["small", `${url}/bytes/1024`, "200", "16"],
    stdout: [/^requests 200\nbytes 204800$/m],
  },
]);

/** JavaScript on StarlingMonkey. */
const JS_FETCH = of("js-fetch", [
  { run: ({ url }) => ["get", `${url}/bytes/3`], stdout: [/^status 200$/m, /^header content-length: 3$/m] },
  { run: ({ url }) => ["post", `${url}/post`, "text"], stdout: [/^text text$/m] },
  { run: ({ url }) => ["stream", `${url}/bytes/5000000`], stdout: [/^bytes 5000000\npattern right$/m] },
  { run: ({ url }) => ["download", `${url}/bytes/5000000`], stdout: [/^bytes 5000000$/m] },
  { run: ({ url }) => ["upload", `${url}/sink`, "3000000"], stdout: [/^text 3000000 bytes$/m] },
  { run: ({ url }) => ["echo", `${url}/echo`, "3000000"], stdout: [/^bytes 3000000$/m] },
  { run: ({ url }) => ["many", `${url}/slow?ms=100`, "10"], stdout: [/^responses 10$/m] },
  { run: ({ url }) => ["small", `${url}/bytes/1024`, "20"], stdout: [/^us each \d/m] },
  { run: ({ closed }) => ["error", `${closed}/`], stdout: [/^error TypeError/m] },
  { run: ({ url }) => ["error", `${url}/truncated`], stdout: [/^status 200\nerror TypeError/m] },
  { run: ({ url }) => ["abort", `${url}/slow?ms=10000`, "100"], stdout: [/^error AbortError$/m] },
  { run: ["timers", "30"], stdout: [/^slept$/m] },
  { run: ["no-such-command"], ends: 1, stderr: [/get URL/] },
]);

/** Python. */
const PYTHON = of("python", [
  { run: ({ url }) => ["get", `${url}/bytes/3`], stdout: [/^status 200$/m, /^header content-length: 3$/m] },
  { run: ({ url }) => ["post", `${url}/post`, "text"], stdout: [/^text text$/m] },
  { run: ({ url }) => ["stream", `${url}/bytes/3000000`], stdout: [/^bytes 3000000\npattern right$/m] },
  { run: ({ url }) => ["upload", `${url}/sink`, "3000000"], stdout: [/^text 3000000 bytes$/m] },
  { run: ({ url }) => ["many", `${url}/slow?ms=100`, "10"], stdout: [/^responses 10$/m] },
  { run: ({ closed }) => ["error", `${closed}/`], stdout: [/^error ErrorCode_ConnectionRefused$/m] },
  {
    run: ["files", "/one"],
    dirs: [{ guest: "/one", files: { "b": "", "a/": "" } }],
    stdout: [/^a\nb$/m],
  },
  { run: ["no-such-command"], ends: 1, stderr: [/get URL/] },
]);

/** Programs whose binaries are committed. */
export const PROGRAM_CASES: readonly CheckCase[] = [...HELLO, ...WSTD, ...TRANSFERS];

/** Programs that must be built first. */
export const BIG_PROGRAM_CASES: readonly CheckCase[] = [...JS_FETCH, ...PYTHON];
