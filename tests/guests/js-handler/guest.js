// A handler on the raw bindings: without the engine's `fetch` event an instance can serve any number of requests.
import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.12";

const HELLO = new TextEncoder().encode("Hello, WASI!");

export const incomingHandler = {
  handle(request, out) {
    const response = new OutgoingResponse(new Fields());
    const body = response.body();
    ResponseOutparam.set(out, { tag: "ok", val: response });
    const stream = body.write();
    const size = Number(request.pathWithQuery().slice(1));
    let left = size > 0 ? new Uint8Array(size).fill(120) : HELLO;
    while (left.length > 0) {
      const piece = left.subarray(0, 4096);
      stream.blockingWriteAndFlush(piece);
      left = left.subarray(piece.length);
    }
    // A stream must be dropped before its body ends.
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, undefined);
  },
};
