/** Payloads in chunks: AWS's known answers, lengths, errors on the way. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import type { HeaderEntry } from "../../../../src/http/headers.ts";
import { ChunkedBody, type ChunkedOptions } from "../../../../src/stores/s3/signing/chunked.ts";
import { checksumOf } from "../../../../src/stores/s3/checksum/checksum.ts";
import { signRequest } from "../../../../src/stores/s3/signing/sigv4.ts";
import { pattern } from "../workload.ts";

// The documents' examples: 65 KiB of "a" to examplebucket/chunkObject.txt, on 2013-05-24.
const SCOPE = {
  credential: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  },
  date: new Date("2013-05-24T00:00:00Z"),
  region: "us-east-1",
  service: "s3",
};

function streamOf(bytes: Uint8Array, size = 10_000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at += size));
    },
  });
}

/** A body as the documents' request carries it, with a seed of theirs. */
async function encoded(source: ReadableStream<Uint8Array>, options: ChunkedOptions, seed: string) {
  const body = new ChunkedBody(source, options);
  body.begin([["authorization", `AWS4-HMAC-SHA256 Credential=x, SignedHeaders=y, Signature=${seed}`]], SCOPE);
  const bytes = new Uint8Array(await new Response(body.stream).arrayBuffer());
  return { body, bytes, text: new TextDecoder("latin1").decode(bytes) };
}

const A = new Uint8Array(65 * 1024).fill(0x61);

Deno.test("signatures of chunks equal AWS's known answers", async () => {
  const seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  const { body, bytes, text } = await encoded(streamOf(A), { length: A.length, signed: true }, seed);
  assert.deepEqual(
    [...text.matchAll(/([0-9a-f]+);chunk-signature=([0-9a-f]{64})\r\n/g)].map(([, ...m]) => m),
    [
      ["10000", "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"],
      ["400", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"],
      ["0", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"],
    ],
  );
  // The content-length of the document's request.
  assert.equal(bytes.length, 66_824);
  assert.ok(text.endsWith("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"));
  assert.deepEqual(Object.fromEntries(body.headers), {
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "x-amz-decoded-content-length": "66560",
    "content-encoding": "aws-chunked",
  });
});

Deno.test("the signature of a trailer equals AWS's known answer", async () => {
  const seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  const options = { length: A.length, signed: true, checksum: "crc32c" } as const;
  const { body, text } = await encoded(streamOf(A), options, seed);
  assert.deepEqual(
    [...text.matchAll(/chunk-signature=([0-9a-f]{64})\r\n/g)].map(([, signature]) => signature),
    [
      "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
  );
  assert.ok(
    text.endsWith(
      "f992\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n" +
        "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
    ),
    text.slice(-200),
  );
  assert.equal(Object.fromEntries(body.headers)["x-amz-trailer"], "x-amz-checksum-crc32c");
});

Deno.test("the seed is the signature of the request, which equals AWS's known answer", () => {
  // As the document has it, `content-length` is signed; here it never is, as connectors set it. So the trailer's
  // example alone can be held against: it has none.
  const headers: HeaderEntry[] = [
    ["content-encoding", "aws-chunked"],
    ["x-amz-decoded-content-length", "66560"],
    ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
    ["x-amz-trailer", "x-amz-checksum-crc32c"],
    ["x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"],
  ];
  const url = "https://s3.amazonaws.com/examplebucket/chunkObject.txt";
  const signed = signRequest({ method: "PUT", url, headers }, SCOPE);
  assert.match(
    signed.find(([name]) => name === "authorization")![1],
    /Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e/,
  );
});

/** The payload that chunks hold; throws where they are none. */
function decoded(text: string): string {
  let payload = "";
  for (let at = 0;;) {
    const line = /^([0-9a-f]+)(?:;chunk-signature=[0-9a-f]{64})?\r\n/.exec(text.slice(at, at + 100))!;
    const start = at + line[0].length;
    const size = parseInt(line[1]!, 16);
    if (size === 0) return payload;
    payload += text.slice(start, start + size);
    assert.equal(text.slice(start + size, start + size + 2), "\r\n");
    at = start + size + 2;
  }
}

Deno.test("chunks hold the payload, whatever its length and pieces", async () => {
  for (const length of [0, 1, 15, 16, 65_535, 65_536, 65_537, 131_072, 300_000]) {
    for (const signed of [true, false]) {
      for (const checksum of [undefined, "crc64nvme", "sha256"] as const) {
        for (const size of [7919, 200_000]) {
          const source = pattern(length, length);
          const options = { length, signed, checksum };
          const { body, bytes, text } = await encoded(streamOf(source, size), options, "0".repeat(64));
          if (!signed && checksum === undefined) {
            assert.ok(Buffer.compare(bytes, source) === 0);
            assert.deepEqual([body.headers[0]![1], body.length], ["UNSIGNED-PAYLOAD", length]);
            continue;
          }
          assert.ok(decoded(text) === new TextDecoder("latin1").decode(source), `${length} ${signed}`);
          assert.equal(/signature/.test(text), signed);
          const trailer = checksum === undefined
            ? ""
            : `x-amz-checksum-${checksum}:${checksumOf(checksum, [source])}\r\n`;
          assert.ok(text.includes(`\r\n${trailer}`) || text.startsWith("0") && text.includes(trailer));
        }
      }
    }
  }
});

Deno.test("a payload that is given up, or fails, gives its source up", async () => {
  for (const begun of [false, true]) {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(70_000)),
      cancel: (reason) => void (cancelled = reason),
    });
    const body = new ChunkedBody(source, { length: 1e6, signed: false, checksum: "crc32c" });
    const reader = body.stream.getReader();
    if (begun) await reader.read();
    await reader.cancel("enough");
    assert.equal(cancelled, "enough");
  }
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("torn")),
  });
  const body = new ChunkedBody(broken, { length: 10, signed: false, checksum: "crc32c" });
  await assert.rejects(new Response(body.stream).arrayBuffer(), /torn/);
  assert.match(String(body.failure?.error), /torn/);
  // Chunks of a request that was not signed would be taken for none.
  const unsigned = new ChunkedBody(streamOf(A), { length: A.length, signed: true });
  await assert.rejects(new Response(unsigned.stream).arrayBuffer(), /without a signature/);
});

Deno.test("what is given is read as it is sent, and not kept", async () => {
  let given = 0;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(++given)),
  }, { highWaterMark: 0 });
  const progress: number[] = [];
  const body = new ChunkedBody(source, {
    length: 1e9,
    signed: false,
    checksum: "crc32c",
    onProgress: (transferred) => progress.push(transferred),
  });
  const reader = body.stream.getReader();
  for (let i = 0; i < 10; i++) await reader.read();
  assert.ok(given <= 5, `${given} chunks were read for ten pieces`);
  assert.deepEqual(progress.slice(0, 3), [65_536, 131_072, 196_608]);
  await reader.cancel();
});
