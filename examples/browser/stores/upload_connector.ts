/**
 * A connector for pages: `fetch` for everything but large uploads. `fetch` tells no progress and sends a stream of known
 * length only from memory; XMLHttpRequest sends a file straight from the disk and says how far it is. The file comes
 * along in the request's `extensions`, which every layer hands through.
 */
import {
  ConnectorResponse,
  FetchConnector,
  type HeaderEntry,
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type HttpService,
  isStreamBody,
  redactUrl,
} from "@storeport/storeport/connector";
import type { ClientOptions, HttpConnector } from "@storeport/storeport/connector";

/** What to give a put as `extensions.upload`. */
export interface Upload {
  /** What the stream of the request's body holds. */
  readonly blob: Blob;
  /** Told of the bytes that have gone out. */
  readonly onProgress: (sent: number) => void;
}

/** See the file's head. */
export class UploadConnector implements HttpConnector {
  readonly #fetch = new FetchConnector();

  /** @throws {NotSupportedError} for options that pages cannot honour. */
  connect(options?: ClientOptions): HttpService {
    const inner = this.#fetch.connect(options);
    return {
      call(request) {
        const upload = request.extensions?.upload as Upload | undefined;
        const { body } = request;
        if (
          upload === undefined || body === undefined || !isStreamBody(body) ||
          body.length !== upload.blob.size
        ) {
          return inner.call(request);
        }
        // Its content is sent from the blob, whose stream the store has begun to read.
        body.stream.cancel().catch(() => {});
        return send(request, upload);
      },
      close: () => inner.close?.(),
    };
  }
}

function send(request: HttpRequest, { blob, onProgress }: Upload): Promise<HttpResponse> {
  const { method, url, headers, signal } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const xhr = new XMLHttpRequest();
    const what = `${method} ${redactUrl(url)}`;
    const onAbort = (): void => xhr.abort();
    const fail = (error: unknown): void => {
      signal?.removeEventListener("abort", onAbort);
      reject(error);
    };
    xhr.open(method, url);
    xhr.responseType = "arraybuffer";
    for (const [name, value] of headers) {
      if (!/^(?:content-length|host|accept-encoding)$/i.test(name)) xhr.setRequestHeader(name, value);
    }
    xhr.upload.onprogress = (event) => onProgress(event.loaded);
    xhr.onabort = () => fail(signal?.reason);
    xhr.onerror = () =>
      fail(
        new HttpError(
          "unknown",
          `Cannot send ${what}: the connection failed, or the server does not allow it`,
        ),
      );
    xhr.onload = () => {
      signal?.removeEventListener("abort", onAbort);
      const bytes = new Uint8Array(xhr.response as ArrayBuffer);
      let read = false;
      resolve(
        new ConnectorResponse({
          status: xhr.status,
          headers: headersOf(xhr),
          source: {
            read: () => {
              const done = read || bytes.length === 0;
              read = true;
              return Promise.resolve(done ? { done } : { done, value: bytes });
            },
            cancel: () => {},
          },
        }),
      );
    };
    signal?.addEventListener("abort", onAbort);
    // The blob's own type would be sent where the request names none.
    xhr.send(blob.slice(0, blob.size, ""));
  });
}

function headersOf(xhr: XMLHttpRequest): HeaderEntry[] {
  return xhr.getAllResponseHeaders().split("\r\n").filter((line) => line !== "").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}
