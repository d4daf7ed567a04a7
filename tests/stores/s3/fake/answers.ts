/** Answers as S3 words them. */
import type { HttpResponse } from "../../../../src/http/service.ts";
import type { HeaderList } from "../../../../src/http/headers.ts";
import { ConnectorResponse } from "../../../../src/http/response.ts";

/** An answer. */
export function answer(
  status: number,
  body: string | Uint8Array,
  headers: HeaderList = [],
  length?: number,
): HttpResponse {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body.slice();
  let sent = bytes.byteLength === 0;
  return new ConnectorResponse({
    status,
    // The first line of a name is what readers take.
    headers: [...headers, ["x-amz-request-id", "REQUEST1"], ["x-amz-id-2", "HOST1"], [
      "date",
      new Date().toUTCString(),
    ]],
    contentLength: length ?? (status === 304 ? undefined : bytes.byteLength),
    source: {
      read: () => {
        const done = sent;
        sent = true;
        return Promise.resolve({ done, value: bytes });
      },
      cancel: () => {},
    },
  });
}

/** An error as S3 words it; a HEAD has no body. */
export function failure(
  status: number,
  code: string,
  headers: HeaderList = [],
  method = "GET",
  more = "",
): HttpResponse {
  const body = method === "HEAD"
    ? ""
    : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Told by the fake</Message>${more}<RequestId>REQUEST1</RequestId><HostId>HOST1</HostId></Error>`;
  return answer(status, body, headers);
}
