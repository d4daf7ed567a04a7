/**
 * What the `checks` guest must do on a host of WASI 0.2: one list, run on storeport's host and, to see that it asserts
 * true facts, on wasmtime.
 */

/** A directory that the guest gets, made anew for each run. */
export interface GuestDirectory {
  /** Its name in the guest. */
  readonly guest: string;
  /** Nothing in it may change. */
  readonly readOnly?: boolean;
  /** Files by path, with their content; `{ link }` makes a symbolic link, a path that ends in `/` a directory. */
  readonly files?: Readonly<Record<string, string | { readonly link: string }>>;
}

/** Where a run finds things. */
export interface Places {
  /** `http://HOST:PORT` of the origin. */
  readonly url: string;
  /** `HOST:PORT` of a server that takes connections and sends back what comes. */
  readonly echo: string;
  /** `http://HOST:PORT` where nobody listens. */
  readonly closed: string;
  /** `http://HOST:PORT` that takes no more connections and refuses none; absent where that cannot be made. */
  readonly full?: string;
  /** `HOST:PORT` of a server that speaks HTTP/2 only. */
  readonly http2: string;
  /** A file of the host outside of every directory of the guest. */
  readonly secret: string;
}

/** One run of the guest and how it must end. */
export interface CheckCase {
  /** Which guest. Default `checks`. */
  readonly guest?: string;
  /** The arguments, for `checks` the case first; a function where they depend on places. */
  readonly run: readonly string[] | ((places: Places) => readonly string[]);
  /** Programs of wasmtime's test suite whose assertions it makes. */
  readonly covers?: readonly string[];
  /** Standard input. Default: empty. */
  readonly stdin?: string;
  /** Environment beside `HTTP_SERVER`. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it is granted. Default: `http` to the origin, without sockets. */
  readonly grants?: readonly ("sockets" | "names" | "no-http")[];
  /** Directories. Default: none. */
  readonly dirs?: readonly GuestDirectory[];
  /** Exit code, or `trap`. Default 0, and for `checks` `ok CASE` as the last line. */
  readonly ends?: number | "trap";
  /** Must be found in standard output. */
  readonly stdout?: readonly RegExp[];
  /** Must be found in standard error, or in the trap's message. */
  readonly stderr?: readonly RegExp[];
  /** Why it cannot hold over `fetch`. */
  readonly notOverFetch?: string;
  /** Why wasmtime is not asked: it behaves differently, or its command has no option for it. */
  readonly notOnWasmtime?: string;
}

const DIR: readonly GuestDirectory[] = [{ guest: "/one" }, { guest: "/two" }];
const READ_ONLY: GuestDirectory = {
  guest: "/fixed",
  readOnly: true,
  files: { "file.txt": "content", "dir/": "" },
};

const outbound = (name: string): string => `p2_http_outbound_request_${name}`;

/** 9.1: outgoing requests. */
const OUTBOUND: readonly CheckCase[] = [
  { run: ["get"], covers: [outbound("get")] },
  { run: ["post"], covers: [outbound("post")] },
  { run: ["large_post"], covers: [outbound("large_post")] },
  { run: ["put"], covers: [outbound("put")] },
  { run: ["invalid_version"], covers: [outbound("invalid_version")] },
  { run: ["invalid_header"], covers: [outbound("invalid_header")] },
  { run: ["invalid_port"], covers: [outbound("invalid_port")] },
  { run: ["invalid_dnsname"], covers: [outbound("invalid_dnsname")] },
  { run: ["unknown_method"], covers: [outbound("unknown_method")] },
  { run: ["unsupported_scheme"], covers: [outbound("unsupported_scheme")] },
  {
    run: ({ full }) => ["timeout", ...full === undefined ? [] : [full]],
    covers: [outbound("timeout")],
    notOverFetch:
      "it times connecting and waiting for the head together, and the guest waits ten minutes for that",
  },
  { run: ["missing_path_and_query"], covers: [outbound("missing_path_and_query")] },
  { run: ["response_build"], covers: [outbound("response_build")] },
  { run: ["content_length"], covers: [outbound("content_length")] },
];

/** Fields, setters and options, beyond what the reference suite asks. */
const TYPES: readonly CheckCase[] = [
  { run: ["http_fields"] },
  { run: ["http_fields_immutable"] },
  { run: ["http_fields_bytes"] },
  { run: ["http_setter_method"] },
  { run: ["http_setter_path"] },
  { run: ["http_setter_scheme"] },
  { run: ["http_setter_authority"] },
  { run: ["http_setter_status"] },
  { run: ["http_request_defaults"] },
  { run: ["http_options"] },
];

/** Exchanges: asked twice, dropped early, broken on the way. */
const EXCHANGES: readonly CheckCase[] = [
  {
    run: ({ url }) => ["http_status", `${url}/headers`],
    stdout: [
      /^status 200$/m,
      // In their order; fetch makes one of them, but never of cookies.
      /^x-twice (31\n(.*\n)*x-twice 32|312c2032)$/mi,
      /^set-cookie 613d31\n(.*\n)*set-cookie 623d32$/mi,
      /^x-bytes e9ff$/mi,
      /^x-empty $/mi,
      // Names that a guest may not send do not reach it either.
      /^(?!(?:.*\n)*(?:keep-alive|proxy-authenticate|upgrade) )/i,
    ],
  },
  { run: ({ url }) => ["http_fetch", `${url}/bytes/100000`], stdout: [/status 200 bytes 100000$/m] },
  { run: ({ closed }) => ["http_error", `${closed}/`], stdout: [/ConnectionRefused/] },
  {
    run: ({ url }) => ["http_error", `${url}/close`],
    stdout: [/future .*(ProtocolError|ConnectionTerminated)/],
  },
  {
    run: ({ url }) => ["http_error", `${url}/reset`],
    stdout: [/future .*(ProtocolError|ConnectionTerminated)/],
  },
  { run: ({ url }) => ["http_error", `${url}/garbage`], stdout: [/future .*HttpProtocolError/] },
  {
    run: ({ url }) => ["http_error", `${url}/big-head?n=2000000`],
    stdout: [/future .*(HeaderSectionSize|HeaderSize|ProtocolError)/],
  },
  { run: ["http_error", "ftp://example.com/"], stdout: [/HttpProtocolError/] },
  { run: ({ url }) => ["http_error", `${url}/redirect?to=/get`], stdout: [/^status 302$/m] },
  { run: ({ url }) => ["http_error", `${url}/status/404`], stdout: [/^status 404$/m] },
  { run: ({ url }) => ["http_body_error", `${url}/bytes/1000`], stdout: [/^complete, 1000 bytes$/m] },
  ...["truncated", "truncated-chunk"].map((path): CheckCase => ({
    run: ({ url }) => ["http_body_error", `${url}/${path}`],
    stdout: [/HttpResponseIncomplete|HttpProtocolError/],
    notOnWasmtime: "it gives the errors of a response body no code",
  })),
  {
    run: ({ url }) => ["http_body_error", `${url}/bad-chunk`],
    stdout: [/HttpResponseTransferCoding|HttpResponseIncomplete|HttpProtocolError/],
    notOnWasmtime: "it gives the errors of a response body no code",
  },
  { run: ({ url }) => ["http_first_byte", `${url}/slow?ms=10000`, "200"], stdout: [/ConnectionReadTimeout/] },
  {
    run: ({ url }) => ["http_between_bytes", `${url}/stall`, "200"],
    stdout: [/^status 200$/m, /ConnectionReadTimeout/],
    notOnWasmtime: "it gives the errors of a response body no code",
  },
  {
    run: ({ url }) => ["http_between_bytes", `${url}/drip?n=5&ms=60`, "2000"],
    stdout: [/^complete, 5 bytes$/m],
  },
  { run: ["http_future_get_twice"] },
  { run: ["http_future_ready"] },
  { run: ["http_body_twice"] },
  { run: ["http_consume_twice"] },
  { run: ({ url }) => ["http_read_after_close", `${url}/bytes/100`] },
  { run: ["http_drop_future"] },
  { run: ["http_drop_response"] },
  { run: ({ url }) => ["http_drop_response_keeps_body", `${url}/bytes/70000`], stdout: [/^70000 bytes$/m] },
  { run: ["http_drop_body_unfinished"] },
  { run: ["http_drop_request_unsent"], stdout: [/^closed\nfinish ok$/m] },
  { run: ["http_body_before_handle"] },
  { run: ({ url }) => ["http_finish_unread", `${url}/bytes/300000`], stdout: [/^none$/m] },
  { run: ["http_finish_after_abort"] },
  {
    run: ["http_trailers_out"],
    stdout: [/^status 200$/m, /^body .*x-checksum: 42/m],
    notOverFetch: "fetch sends no trailers",
  },
  {
    run: ({ url }) => ["http_trailers_in", `${url}/with-trailers`],
    stdout: [/^4 bytes$/m, /^trailer x-checksum: 42$/m],
    notOverFetch: "fetch shows no trailers",
  },
  { run: ({ url }) => ["http_trailers_in", `${url}/bytes/10`], stdout: [/^10 bytes\nnone$/m] },
  { run: ["http_no_body_call"], stdout: [/^status 200$/m] },
  ...["HEAD", "OPTIONS", "DELETE", "PATCH", "PROPFIND"].map((method): CheckCase => ({
    run: ["http_method", method],
    stdout: [new RegExp(`^status 200 method ${method}$`, "m")],
  })),
  {
    run: ({ url }) => ["http_default_scheme", url.slice(7), "/"],
    stdout: [/^Err\(.*(Tls|ProtocolError|Terminated)/m],
  },
  {
    run: ({ url }) => ["error_outlives_stream", `${url}/truncated`],
    stdout: [/^Some\(/m],
    notOnWasmtime: "it gives the errors of a response body no code",
  },
];

/** Transfers. */
const STREAMING: readonly CheckCase[] = [
  {
    run: ({ url }) => ["http_upload", `${url}/sink`, "20000000", "65536"],
    stdout: [/^status 200\nbytes 20000000$/m],
  },
  { run: ({ url }) => ["http_upload", `${url}/sink`, "300000", "1000"], stdout: [/^bytes 300000$/m] },
  {
    run: ({ url }) => ["http_download", `${url}/bytes/20000000`],
    stdout: [/^bytes 20000000\npattern right$/m],
  },
  {
    run: ({ url }) => ["http_download", `${url}/stream/300000`, "1000"],
    stdout: [/^bytes 300000\npattern right$/m],
  },
  { run: ({ url }) => ["http_duplex", `${url}/echo`, "67108864"], stdout: [/^received 67108864$/m] },
  { run: ({ url }) => ["http_small", `${url}/bytes/1024`, "100"], stdout: [/^bytes 102400$/m] },
  {
    run: ({ url }) => ["http_concurrent", `${url}/slow?ms=300`, "20"],
    stdout: [/^responses 20$/m, /^ticks ([3-9]|[1-9]\d+)$/m],
  },
  {
    run: ({ url }) => ["http_slow_reader", `${url}/bytes/8000000`, "1000000", "300"],
    stdout: [/^bytes 8000000$/m],
  },
  {
    run: ({ url }) => ["http_splice", `${url}/bytes/5000000`, `${url}/sink`],
    stdout: [/^spliced 5000000\nstatus 200$/m],
  },
];

/** Handles dropped in the wrong order, and calls that break a rule. */
const TRAPS: readonly CheckCase[] = [
  ["drop_stream_with_pollable", "p2_pollable_traps", "resource has children"],
  ["drop_output_stream_with_pollable", "p2_stream_pollable_traps", "resource has children"],
  ["drop_future_with_pollable", undefined, "resource has children"],
  ["drop_trailers_with_pollable", undefined, "resource has children"],
  ["drop_outgoing_body_with_stream", undefined, "resource has children"],
  ["finish_outgoing_body_with_stream", undefined, "resource has children"],
  ["drop_incoming_body_with_stream", undefined, "resource has children"],
  ["finish_incoming_body_with_stream", undefined, "resource has children"],
  ["empty_poll", undefined, "empty poll list"],
  ["write_without_permit", undefined, undefined],
  ["write_zeroes_without_permit", "p2_cli_hostcall_fuel (write-zeroes)", undefined],
  ["write_too_large", "p2_cli_hostcall_fuel (buffer-too-large)", "[Bb]uffer too large"],
  ["write_zeroes_too_large", "p2_cli_hostcall_fuel (buffer-too-large)", "[Bb]uffer too large"],
  ["random_too_large", "p2_cli_random_limits", "limit"],
  ["unreachable", undefined, "unreachable"],
  ["memory_access", undefined, "out of bounds"],
  ["stack_overflow", undefined, undefined],
].map(([name, covers, message]): CheckCase => ({
  run: [`trap_${name}`],
  ends: "trap",
  stdout: [/about to trap\n$/],
  stderr: message === undefined ? [] : [new RegExp(message)],
  covers: covers === undefined ? [] : [covers],
}));

/** 9.5: polling, streams, clocks, random. */
const IO: readonly CheckCase[] = [
  { run: ["pollable_correct"], stdin: "input\n", covers: ["p2_pollable_correct"] },
  {
    run: ["stream_pollable_correct"],
    stdin: "input\n",
    covers: ["p2_stream_pollable_correct"],
    stdout: [/^0{50}1{50}2{50}3{50}4{50}5{50}6{50}7{50}8{50}$/m],
  },
  { run: ["poll_duplicates"], covers: ["p2_pollable_correct"] },
  { run: ["poll_mixed"] },
  { run: ["poll_many", "5000"] },
  {
    run: ({ url }) => ["poll_busy", "30000", `${url}/slow?ms=100`],
    covers: ["p2_tcp_busy_poll (over HTTP)"],
  },
  { run: ({ url }) => ["poll_ready_busy", "30000", `${url}/slow?ms=100`] },
  {
    run: ["splice_stdin"],
    stdin: "some text\n".repeat(20_000),
    covers: ["p2_cli_splice_stdin"],
    stdout: [/^(some text\n){20000}ok splice_stdin\n$/],
  },
  {
    run: ["blocking_splice_stdin"],
    stdin: "some text\n".repeat(20_000),
    stdout: [/^(some text\n){20000}ok blocking_splice_stdin\n$/],
  },
  {
    run: ["read_zero"],
    stdin: "abc\n",
    stdout: [/^4 bytes$/m],
    covers: ["p2_cli_stdin_empty (zero-length reads)"],
  },
  {
    run: ({ url }) => ["read_len_max", `${url}/bytes/3000000`],
    stdin: "abc\n",
    stdout: [/^3000000 bytes\nstdin 4 bytes$/m],
    covers: ["p2_cli_hostcall_fuel (reads of u64::MAX)"],
  },
  { run: ["skip_stdin", "3"], stdin: "abcdef", stdout: [/^def$/m] },
  // deno-lint-ignore no-control-regex -- zeroes are what it writes
  { run: ["write_zeroes", "10000"], stdout: [/^\0{10003}ok/] },
  { run: ["write_permits"] },
  { run: ["write_empty"] },
  { run: ["clocks_default"], covers: ["p2_cli_default_clocks", "p2_api_time (plausible)"] },
  { run: ["clocks_zero_wait"], covers: ["p2_clocks_zero_wait"] },
  { run: ["sleep", "30"], covers: ["p2_sleep", "p2_cli_sleep"] },
  { run: ["clocks_overflow"], covers: ["p2_cli_sleep_forever (never due)"] },
  { run: ["random"], covers: ["p2_random"] },
  { run: ["random_limit", "1000000"], covers: ["p2_cli_random_limits"] },
];

/** 9.4: the command's surroundings. */
const CLI: readonly CheckCase[] = [
  { run: ["hello_stdout"], stdout: [/^hello, world\nok hello_stdout\n$/], covers: ["p2_cli_hello_stdout"] },
  {
    run: ["args", "", "with space", "é", "😀", "-x", "--", "a=b"],
    stdout: [/^""\n"with space"\n"é"\n"😀"\n"-x"\n"--"\n"a=b"\nok args\n$/],
    covers: ["p2_cli_args"],
  },
  { run: ["argv0", "checks.wasm"], covers: ["p2_cli_argv0"] },
  {
    run: ["env"],
    env: { SECOND: "with = sign", FIRST: "", "ÜNI": "☃" },
    stdout: [/^SECOND=with = sign$/m, /^FIRST=$/m, /^ÜNI=☃$/m, /^(?!(?:.*\n)*(PATH|HOME)=)/],
    covers: ["p2_cli_env"],
  },
  {
    run: ["large_env", "513", "1024"],
    // The variable HTTP_SERVER is padded by the runner to the size of the others.
    env: Object.fromEntries(Array.from({ length: 512 }, (_, at) => [`VARIABLE_${at}`, "v".repeat(1024)])),
    covers: ["p2_cli_large_env"],
    notOnWasmtime: "the list's runner cannot hand it a longer HTTP_SERVER",
  },
  {
    run: ["stdin_copy"],
    stdin: "text\n".repeat(50_000),
    stdout: [/^(text\n){50000}ok stdin_copy\n$/],
    covers: ["p2_cli_stdin"],
  },
  { run: ["stdin_empty"], covers: ["p2_cli_stdin_empty"] },
  { run: ["much_stdout"], stdout: [/^(a{262144}\n){5}ok much_stdout\n$/], covers: ["p2_cli_much_stdout"] },
  { run: ["out_and_err"], stdout: [/^to stdout\n/, /\nagain\nok out_and_err\n$/], stderr: [/^to stderr$/m] },
  { run: ["exit_success"], ends: 0, covers: ["p2_cli_exit_success", "p2_cli_exit_default"] },
  { run: ["exit_failure"], ends: 1, covers: ["p2_cli_exit_failure"] },
  { run: ["exit_with_code", "42"], ends: 42, covers: ["p2_cli_exit_with_code"] },
  { run: ["exit_with_code", "0"], ends: 0 },
  { run: ["exit_with_code", "255"], ends: 255 },
  { run: ["run_err"], ends: 1 },
  { run: ["panic", "the reason"], ends: "trap", stderr: [/the reason/], covers: ["p2_cli_exit_panic"] },
  { run: ["initial_cwd"], stdout: [/^None$/m], covers: ["p2_cli_initial_cwd"] },
  { run: ["terminal"], stdout: [/^stdin false\nstdout false\nstderr false$/m] },
  { run: ["no_preopens"] },
];

/** Files. */
const FILES: readonly CheckCase[] = [
  { run: ["preopens"], dirs: DIR, stdout: [/^\/one\n\/two$/m], covers: ["p2_cli_multiple_preopens"] },
  {
    run: ["file_read", "dir/a.txt"],
    dirs: [{ guest: "/one", files: { "dir/": "", "dir/a.txt": "content" } }],
    stdout: [/^content$/m],
    covers: ["p2_cli_file_read"],
  },
  { run: ["file_write", "a.txt", "text"], dirs: DIR },
  { run: ["file_append"], dirs: DIR, covers: ["p2_cli_file_append"] },
  { run: ["file_dir_sync"], dirs: DIR, covers: ["p2_cli_file_dir_sync"] },
  { run: ["file_read_write"], dirs: DIR, covers: ["p2_file_read_write"] },
  { run: ["file_truncate"], dirs: DIR },
  { run: ["file_big", "20"], dirs: DIR },
  {
    run: ["directory_list"],
    dirs: [{ guest: "/one", files: { "sub/": "", "b.txt": "", "a.txt": "", "é": "" } }],
    stdout: [/^a\.txt\nb\.txt\nsub\/\né$/m],
    covers: ["p2_cli_directory_list"],
  },
  {
    run: ["read_only"],
    dirs: [READ_ONLY],
    stdout: [/^content$/m],
    covers: ["p2_api_read_only", "p2_file_stream_not_permitted", "p2_file_truncation_readonly"],
    notOnWasmtime: "its command has no read-only directories",
  },
  {
    run: ["across_permissions"],
    dirs: [READ_ONLY, { guest: "/open" }],
    covers: ["p2_hardlink_across_perms", "p2_rename_across_perms"],
    notOnWasmtime: "its command has no read-only directories",
  },
  {
    run: ({ secret }) => ["escape", secret],
    dirs: [{ guest: "/one", files: { "sub/": "", out: { link: "SECRET" }, up: { link: ".." } } }],
  },
  { run: ["stat"], dirs: DIR },
  { run: ["rename_unlink"], dirs: DIR },
  { run: ["hold_open"], dirs: DIR },
  { run: ["file_poll_mixed"], dirs: DIR },
];

/** Raw sockets. */
const SOCKETS: readonly CheckCase[] = [
  { run: ["no_tcp"], covers: ["p2_cli_no_tcp"] },
  { run: ["no_udp"], covers: ["p2_cli_no_udp"] },
  { run: ["no_ip_name_lookup"], covers: ["p2_cli_no_ip_name_lookup"] },
  { run: ({ echo }) => ["tcp_connect", echo], stdout: [/access-denied/] },
  { run: ["tcp_listen", "127.0.0.1:0"], stdout: [/access-denied/] },
  { run: ({ echo }) => ["tcp_connect", echo], grants: ["sockets"], stdout: [/^connected$/m] },
  {
    run: ({ echo }) => ["tcp_echo", echo, "1000000"],
    grants: ["sockets"],
    covers: ["p2_tcp_streams (echo)"],
  },
  { run: ({ echo }) => ["tcp_busy_poll", echo], grants: ["sockets"], covers: ["p2_tcp_busy_poll"] },
  { run: ["resolve_invalid"], grants: ["sockets", "names"], covers: ["p2_ip_name_lookup"] },
];

/** Guests that mean harm, as far as the guest can tell how it ended. */
const HOSTILE: readonly CheckCase[] = [
  { run: ["smuggle"] },
  {
    run: ["dot_segments"],
    stdout: [
      // As sent, or refused: never rewritten.
      ...["/a/../b", "/..", "/../../etc/passwd", "/%2e%2e/secret", "/a/%2e%2e/b", "/a%2fb", "//double//slash"]
        .map((path) => {
          const literal = path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
          return new RegExp(`^${literal} (saw ${literal}|refused .*|error .*)$`, "m");
        }),
    ],
  },
  { run: ["http_headers_forever", "0"], ends: "trap", covers: ["p2_cli_http_headers"] },
  { run: ["http_headers_forever", "1"], ends: "trap", covers: ["p2_cli_http_headers"] },
  { run: ["http_headers_forever", "2"], ends: "trap", covers: ["p2_cli_http_headers"] },
  { run: ["http_headers_forever", "3"], ends: "trap", covers: ["p2_cli_http_headers"] },
  { run: ["http_million_fields"], ends: "trap", stdout: [/^built 1000000$/m] },
  { run: ["leak_fields", "2000"], stdout: [/^leaked 2000$/m] },
  { run: ["leak_pollables", "5000"], stdout: [/^leaked 5000$/m] },
  { run: ({ url }) => ["leak_requests", "20", `${url}/slow?ms=5000`] },
  { run: ["leak_bodies", "5"] },
  { run: ["spin_poll", "100"] },
  { run: ["spin_ready", "100"] },
  { run: ["spin_clock", "100"] },
  { run: ["spin_cpu", "100"] },
  { run: ["grow_memory", "20"], stdout: [/^20 MiB$/m] },
  { run: ({ url }) => ["http_hoard_responses", "10", `${url}/bytes/1000000`], stdout: [/^hoarded 10$/m] },
];

/** All of them. */
export const CHECK_CASES: readonly CheckCase[] = [
  ...OUTBOUND,
  ...TYPES,
  ...EXCHANGES,
  ...STREAMING,
  ...TRAPS,
  ...IO,
  ...CLI,
  ...FILES,
  ...SOCKETS,
  ...HOSTILE,
];
