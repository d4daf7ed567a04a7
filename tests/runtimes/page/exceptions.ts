/** What a page cannot do in any browser, case by case. */
import type { Without } from "../runtime.ts";

const LOST = "fetch says nothing but that it failed";
const KEEPS = "the browser writes this header itself";
const MEMORY = "streams are sent from memory, up to 16 MiB: browsers stream over HTTP/2 or not at all";
const SIX = {
  reason: "a page has six connections to a host, and the case holds more",
} as const;
const NO_FILES = "a page has no directories to grant";
const NO_SOCKETS = "a page has no sockets to grant";
const ACROSS =
  "across origins a page does not see whether a length is that of coded bytes, so it reads to count";

/** Of the connector's list. */
export const CONNECTOR: Without = {
  "cookies of several lines are joined with a semicolon": KEEPS,
  "identity is asked for where no coding is": KEEPS,
  "an accept-encoding that is given is kept": KEEPS,
  "a stream of unknown length goes out chunked": MEMORY,
  "a large stream of unknown length arrives whole": MEMORY,
  "a stream is cancelled when no connection is made": MEMORY,
  "a stream is cancelled when the server breaks off": MEMORY,
  "cookies stay apart": "the browser keeps cookies to itself",
  "redirects are not followed": "the browser shows nothing of a redirect; it is an error by name",
  "a body nobody reads is not fetched whole": { reason: "the browser reads ahead, 64 MiB and more" },
  "a body that does not decode is raw, or an error by name": LOST,
  "a refused connection is of kind connect": LOST,
  "a name that does not exist is of kind connect": LOST,
  "a reset before the head is of kind interrupted": LOST,
  "a close before the head is of kind interrupted": LOST,
  "what is not HTTP is of kind decode": LOST,
  "a head of 2 MiB is of kind decode": LOST,
  "aborting while the request body is sent closes the connection": { reason: MEMORY },
  "one signal aborts many requests, and the service lives on": SIX,
};

/** Of the stores' list, with the gateway or the S3 server on another origin. */
export const STORES: Without = {
  "an empty object has no range but a suffix": ACROSS,
  "a signal ends a body on its way": ACROSS,
};

/** Of the host's list. */
export const HOST: Without = {
  "outbound: invalid_dnsname: a DNS error": LOST,
  "outbound: invalid_version: a server that speaks only HTTP/2": { reason: "the case starts a server" },
  "outbound: timeout: a peer that takes the connection and never answers its handshake": {
    reason: "the case starts a server",
  },
  "http: headers: duplicates, order and bytes arrive, forbidden names do not":
    "fetch joins lines of the same name",
  "http: errors before the head come with their code": LOST,
  "http: errors of a body: last-operation-failed once, its code, then closed": LOST,
  "http: trailers go out and come in; none is none": "fetch has no trailers",
  "http: a dead connection closes the body's stream; finish is ok": { reason: "the browser reads ahead" },
  "http: methods go out as they are": "fetch sends no TRACE",
  "http: 64 MiB both ways at once, bounded and intact": MEMORY,
  "http: uploads and downloads of 32 MiB": MEMORY,
  "http: paths go out as written, and never change the host": "fetch takes dot segments out of paths",
  "cli: stdin_error: a directory as input fails with is-directory": NO_FILES,
  "filesystem: preopens: in the order granted, under their names": NO_FILES,
  "filesystem: file_read": NO_FILES,
  "filesystem: file_write": NO_FILES,
  "filesystem: file_append: as the guest checks it": NO_FILES,
  "filesystem: file_dir_sync: as the guest checks it": NO_FILES,
  "filesystem: file_read_write: as the guest checks it": NO_FILES,
  "filesystem: file_truncate: as the guest checks it": NO_FILES,
  "filesystem: file_big: as the guest checks it": NO_FILES,
  "filesystem: file_poll_mixed: as the guest checks it": NO_FILES,
  "filesystem: stat: as the guest checks it": NO_FILES,
  "filesystem: rename_unlink: as the guest checks it": NO_FILES,
  "filesystem: hold_open: as the guest checks it": NO_FILES,
  "filesystem: directory_list: every name, neither . nor ..": NO_FILES,
  "filesystem: read_only: refuses every change": NO_FILES,
  "filesystem: across_permissions: no link and no rename into or out of a read-only directory": NO_FILES,
  "filesystem: escape: not by dots, not by links, not by absolute paths": NO_FILES,
  "filesystem: links inside the directory are followed": NO_FILES,
  "sockets: tcp_echo: 2 MB there and back, with a half close": NO_SOCKETS,
  "sockets: tcp_busy_poll: a socket turns ready beside timers that always are": NO_SOCKETS,
  "sockets: tcp_connect: only to what is listed; a closed port is told as one": NO_SOCKETS,
  "sockets: tcp_listen: bind and listen": NO_SOCKETS,
  "sockets: names: looked up where that is granted, refused where not, invalid ones told": NO_SOCKETS,
};
