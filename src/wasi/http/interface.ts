/** The interfaces of `wasi:http` that a guest imports. */
import type { HostInterface } from "../host.ts";
import { fn, suspending } from "../host.ts";
import {
  type AbiType,
  bool,
  borrow,
  bytes,
  list,
  option,
  own,
  resource,
  result,
  string,
  tuple,
  u16,
  u64,
  variant,
} from "../abi/types.ts";
import type { ResultValue } from "../abi/types.ts";
import { inputStream, ioError, outputStream, pollable } from "../io/interface.ts";
import { type ErrorCode, errorCode } from "./error_code.ts";
import { Fields } from "./fields.ts";
import type { FutureIncomingResponse, ResponseResult } from "./future.ts";
import { handle } from "./handler.ts";
import type { FutureTrailers, IncomingBody, IncomingResponse, TrailersResult } from "./incoming.ts";
import type { OutgoingBody } from "./outgoing_body.ts";
import { OutgoingRequest, RequestOptions } from "./outgoing_request.ts";
import { OutgoingResponse } from "./outgoing_response.ts";
import { method, scheme } from "./request_line.ts";
import type { IncomingRequest, ResponseOutparam } from "./served.ts";

const types = "wasi:http/types";
/** `fields` */
export const fields = resource<Fields>(`${types}#Fields`);
/** `outgoing-body` */
export const outgoingBody = resource<OutgoingBody>(`${types}#OutgoingBody`);
/** `incoming-body` */
export const incomingBody = resource<IncomingBody>(`${types}#IncomingBody`);
const outgoingRequest = resource<OutgoingRequest>(`${types}#OutgoingRequest`);
/** `outgoing-response` */
export const outgoingResponse = resource<OutgoingResponse>(`${types}#OutgoingResponse`);
/** `incoming-request` */
export const incomingRequest = resource<IncomingRequest>(`${types}#IncomingRequest`);
/** `response-outparam` */
export const responseOutparam = resource<ResponseOutparam>(`${types}#ResponseOutparam`);
const requestOptions = resource<RequestOptions>(`${types}#RequestOptions`);
const incomingResponse = resource<IncomingResponse>(`${types}#IncomingResponse`);
const futureTrailers = resource<FutureTrailers>(`${types}#FutureTrailers`);
const futureResponse = resource<FutureIncomingResponse>(`${types}#FutureIncomingResponse`);

const headerError: AbiType<{ tag: string }> = variant({
  "invalid-syntax": undefined,
  "forbidden": undefined,
  "immutable": undefined,
});
const entry = tuple(string, bytes);
const done = undefined;

const fieldsFunctions: HostInterface["functions"] = {
  "[constructor]fields": fn([], own(fields), (instance) => Fields.empty(instance)),
  "[static]fields.from-list": fn(
    [list(entry)],
    result(own(fields), headerError),
    (instance, entries) => Fields.fromList(instance, entries),
  ),
  "[method]fields.get": fn([borrow(fields), string], list(bytes), (_, self, name) => self.get(name)),
  "[method]fields.has": fn([borrow(fields), string], bool, (_, self, name) => self.has(name)),
  "[method]fields.set": fn(
    [borrow(fields), string, list(bytes)],
    result(done, headerError),
    (_, self, name, values) => self.set(name, values) as undefined,
  ),
  "[method]fields.delete": fn(
    [borrow(fields), string],
    result(done, headerError),
    (_, self, name) => self.delete(name) as undefined,
  ),
  "[method]fields.append": fn(
    [borrow(fields), string, bytes],
    result(done, headerError),
    (_, self, name, value) => self.append(name, value) as undefined,
  ),
  "[method]fields.entries": fn([borrow(fields)], list(entry), (_, self) => self.entries()),
  "[method]fields.clone": fn([borrow(fields)], own(fields), (_, self) => self.clone()),
};

const request = borrow(outgoingRequest);
const requestFunctions: HostInterface["functions"] = {
  "[constructor]outgoing-request": fn(
    [own(fields)],
    own(outgoingRequest),
    (instance, headers) => new OutgoingRequest(instance, headers),
  ),
  "[method]outgoing-request.body": fn([request], result(own(outgoingBody)), (_, self) => self.body()),
  "[method]outgoing-request.method": fn([request], method, (_, self) => self.method),
  "[method]outgoing-request.set-method": fn(
    [request, method],
    result(),
    (_, self, value) => self.setMethod(value) as undefined,
  ),
  "[method]outgoing-request.path-with-query": fn([request], option(string), (_, self) => self.path),
  "[method]outgoing-request.set-path-with-query": fn(
    [request, option(string)],
    result(),
    (_, self, value) => self.setPath(value) as undefined,
  ),
  "[method]outgoing-request.scheme": fn([request], option(scheme), (_, self) => self.scheme),
  "[method]outgoing-request.set-scheme": fn(
    [request, option(scheme)],
    result(),
    (_, self, value) => self.setScheme(value) as undefined,
  ),
  "[method]outgoing-request.authority": fn([request], option(string), (_, self) => self.authority),
  "[method]outgoing-request.set-authority": fn(
    [request, option(string)],
    result(),
    (_, self, value) => self.setAuthority(value) as undefined,
  ),
  "[method]outgoing-request.headers": fn([request], own(fields), (_, self) => self.headers.snapshot()),
};

function timeout(key: "connect" | "firstByte" | "betweenBytes") {
  return {
    get: fn([borrow(requestOptions)], option(u64), (_, self) => self[key]),
    set: fn([borrow(requestOptions), option(u64)], result(), (_, self, duration) => {
      self[key] = duration;
      return undefined;
    }),
  };
}
const connect = timeout("connect");
const firstByte = timeout("firstByte");
const betweenBytes = timeout("betweenBytes");
const optionsFunctions: HostInterface["functions"] = {
  "[constructor]request-options": fn([], own(requestOptions), () => new RequestOptions()),
  "[method]request-options.connect-timeout": connect.get,
  "[method]request-options.set-connect-timeout": connect.set,
  "[method]request-options.first-byte-timeout": firstByte.get,
  "[method]request-options.set-first-byte-timeout": firstByte.set,
  "[method]request-options.between-bytes-timeout": betweenBytes.get,
  "[method]request-options.set-between-bytes-timeout": betweenBytes.set,
};

const trailersResult: AbiType<ResultValue<TrailersResult, undefined> | undefined> = option(
  result(result(option(own(fields)), errorCode)),
) as never;
const responseResult: AbiType<ResultValue<ResponseResult, undefined> | undefined> = option(
  result(result(own(incomingResponse), errorCode)),
) as never;

const responseFunctions: HostInterface["functions"] = {
  "[method]incoming-response.status": fn([borrow(incomingResponse)], u16, (_, self) => self.status),
  "[method]incoming-response.headers": fn(
    [borrow(incomingResponse)],
    own(fields),
    (_, self) => self.headers(),
  ),
  "[method]incoming-response.consume": fn(
    [borrow(incomingResponse)],
    result(own(incomingBody)),
    (_, self) => self.consume(),
  ),
  "[method]incoming-body.stream": fn(
    [borrow(incomingBody)],
    result(own(inputStream)),
    (_, self) => self.stream(),
  ),
  "[static]incoming-body.finish": fn([own(incomingBody)], own(futureTrailers), (_, self) => self.finish()),
  "[method]future-trailers.subscribe": fn(
    [borrow(futureTrailers)],
    own(pollable),
    (instance, self) => instance.subscribe(self),
  ),
  // A guest may ask in a loop instead of polling.
  "[method]future-trailers.get": suspending(
    [borrow(futureTrailers)],
    trailersResult,
    (instance, self) => instance.fairly(() => self.get()),
  ),
  "[method]future-incoming-response.subscribe": fn(
    [borrow(futureResponse)],
    own(pollable),
    (instance, self) => instance.subscribe(self),
  ),
  "[method]future-incoming-response.get": suspending(
    [borrow(futureResponse)],
    responseResult,
    (instance, self) => instance.fairly(() => self.get()),
  ),
};

const outgoingResponseFunctions: HostInterface["functions"] = {
  "[constructor]outgoing-response": fn(
    [own(fields)],
    own(outgoingResponse),
    ({ limits }, headers) => new OutgoingResponse(headers, limits.bodyWindow),
  ),
  "[method]outgoing-response.status-code": fn([borrow(outgoingResponse)], u16, (_, self) => self.status),
  "[method]outgoing-response.set-status-code": fn(
    [borrow(outgoingResponse), u16],
    result(),
    (_, self, status) => self.setStatus(status) as undefined,
  ),
  "[method]outgoing-response.headers": fn(
    [borrow(outgoingResponse)],
    own(fields),
    (_, self) => self.headers.snapshot(),
  ),
  "[method]outgoing-response.body": fn(
    [borrow(outgoingResponse)],
    result(own(outgoingBody)),
    (_, self) => self.body(),
  ),
};

const served = borrow(incomingRequest);
const servedFunctions: HostInterface["functions"] = {
  "[method]incoming-request.method": fn([served], method, (_, self) => self.method),
  "[method]incoming-request.path-with-query": fn([served], option(string), (_, self) => self.path),
  "[method]incoming-request.scheme": fn([served], option(scheme), (_, self) => self.scheme),
  "[method]incoming-request.authority": fn([served], option(string), (_, self) => self.authority),
  "[method]incoming-request.headers": fn([served], own(fields), (_, self) => self.headers()),
  "[method]incoming-request.consume": fn([served], result(own(incomingBody)), (_, self) => self.consume()),
  "[static]response-outparam.set": fn(
    [own(responseOutparam), result(own(outgoingResponse), errorCode)],
    undefined,
    (_, self, answer) => self.set(answer),
  ),
  "[method]response-outparam.send-informational": fn(
    [borrow(responseOutparam), u16, own(fields)],
    result(done, errorCode),
    (_, self, status) => self.sendInformational(status),
  ),
};

const bodyFunctions: HostInterface["functions"] = {
  "[method]outgoing-body.write": fn(
    [borrow(outgoingBody)],
    result(own(outputStream)),
    (_, self) => self.write(),
  ),
  "[static]outgoing-body.finish": fn(
    [own(outgoingBody), option(own(fields))],
    result(done, errorCode),
    (_, self, trailers) => self.finish(trailers) as undefined,
  ),
};

/** What of `wasi:http` an outgoing request needs. */
export const httpInterfaces: readonly HostInterface[] = [
  {
    name: types,
    resources: [
      "fields",
      "outgoing-request",
      "request-options",
      "incoming-response",
      "incoming-body",
      "future-trailers",
      "incoming-request",
      "response-outparam",
      "outgoing-response",
      "outgoing-body",
      "future-incoming-response",
    ],
    functions: {
      ...fieldsFunctions,
      ...requestFunctions,
      ...optionsFunctions,
      ...responseFunctions,
      ...outgoingResponseFunctions,
      ...servedFunctions,
      ...bodyFunctions,
      "http-error-code": fn(
        [borrow(ioError)],
        option(errorCode),
        (_, error) => error.httpCode as ErrorCode | undefined,
      ),
    },
  },
  {
    name: "wasi:http/outgoing-handler",
    functions: {
      "handle": fn(
        [own(outgoingRequest), option(own(requestOptions))],
        result(own(futureResponse), errorCode),
        handle,
      ),
    },
  },
];
