/** The clients that the S3 races are run with, each behind the same few operations. */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { AwsClient } from "aws4fetch";
import { XMLParser } from "fast-xml-parser";
import { Client as MinioClient } from "minio";
import { createClient } from "../../src/http/client.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import type { HttpConnector } from "../../src/http/connector.ts";
import { readListPage } from "../../src/stores/s3/listing/page.ts";
import { S3Store, type S3StoreOptions } from "../../src/stores/s3/mod.ts";
import { signRequest } from "../../src/stores/s3/signing/sigv4.ts";
import { inParallel } from "./harness.ts";

/** Operations on one bucket. */
export interface BenchClient {
  get(key: string): Promise<Uint8Array>;
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  head(key: string): Promise<unknown>;
  /** Puts in parts of the size given, four at once. */
  putParts(key: string, bytes: Uint8Array<ArrayBuffer>, partSize: number): Promise<unknown>;
  /** Reads the first page of a listing, fetched before. */
  readPage?(): Promise<unknown>;
}

/** Those who take part, each made for the server at a URL. */
export const clients = {
  "raw FetchConnector": (url: string) => rawClient(url, new FetchConnector()),
  "raw FetchConnector, signed once": (url: string) => rawClient(url, new FetchConnector(), true),
  "storeport on fetch": (url: string) => storeportClient(url, new FetchConnector()),
  "storeport on fetch, unsigned payload": (url: string) =>
    storeportClient(url, new FetchConnector(), { unsignedPayload: true }),
  "raw NodeHttpConnector": (url: string) => rawClient(url, new NodeHttpConnector()),
  "raw NodeHttpConnector, signed once": (url: string) => rawClient(url, new NodeHttpConnector(), true),
  "storeport on node": (url: string) => storeportClient(url, new NodeHttpConnector()),
  "storeport on node, unsigned payload": (url: string) =>
    storeportClient(url, new NodeHttpConnector(), { unsignedPayload: true }),
  "aws-sdk v3": awsClient,
  "minio-js": minioClient,
  aws4fetch: aws4fetchClient,
  "fast-xml-parser": fastXmlParser,
  "storeport's scanner": scanner,
} satisfies Readonly<Record<string, (url: string) => BenchClient | Promise<BenchClient>>>;

/** The name of one. */
export type ClientName = keyof typeof clients;

const BUCKET = "bench";
const keys = { accessKeyId: "bench", secretAccessKey: "bench-secret" };
const AT_ONCE = 4;

/** Slices of a payload. */
function partsOf(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer>[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.subarray(i * size, (i + 1) * size),
  );
}

/**
 * Nothing but the connector: no meaning, and no signature, unless `signed`: then all requests go out with one signature
 * that was made beforehand, the header lines being those that storeport sends.
 */
function rawClient(endpoint: string, connector: HttpConnector, signed = false): BenchClient {
  const client = createClient(connector);
  const url = (key: string) => `${endpoint}/${BUCKET}/${key}`;
  const scope = { region: "us-east-1", service: "s3" };
  const unsigned = { method: "GET", url: url("key"), headers: [] };
  const headers = signed ? signRequest(unsigned, { credential: keys, date: new Date(), ...scope }) : [];
  const call = async (method: string, key: string, body?: Uint8Array[]) =>
    await (await client.call({ method, url: url(key), headers, body })).bytes();
  return {
    get: (key) => call("GET", key),
    put: (key, bytes) => call("PUT", key, [bytes]),
    head: (key) => call("HEAD", key),
    async putParts(key, bytes, partSize) {
      const parts = partsOf(bytes, partSize);
      await inParallel(parts.length, AT_ONCE, (i) => call("PUT", `${key}?partNumber=${i + 1}`, [parts[i]!]));
    },
  };
}

/** storeport. */
function storeportClient(
  endpoint: string,
  connector: HttpConnector,
  options: Partial<S3StoreOptions> = {},
): BenchClient {
  const store = new S3Store({
    bucket: BUCKET,
    endpoint,
    region: "us-east-1",
    connector,
    client: { allowHttp: true },
    ...keys,
    ...options,
  });
  return {
    get: async (key) => await (await store.get(key)).bytes(),
    put: (key, bytes) => store.put(key, bytes),
    head: (key) => store.head(key),
    async putParts(key, bytes, partSize) {
      const upload = await store.putMultipart(key);
      const parts = partsOf(bytes, partSize);
      await inParallel(parts.length, AT_ONCE, (i) => upload.putPart(parts[i]!));
      await upload.complete();
    },
  };
}

/** AWS's own, version 3. */
function awsClient(endpoint: string): BenchClient {
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: keys,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 64 } },
  });
  const object = (Key: string) => ({ Bucket: BUCKET, Key });
  return {
    get: async (key) =>
      await (await client.send(new GetObjectCommand(object(key)))).Body!.transformToByteArray(),
    put: (key, bytes) => client.send(new PutObjectCommand({ ...object(key), Body: bytes })),
    head: (key) => client.send(new HeadObjectCommand(object(key))),
    async putParts(key, bytes, partSize) {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(object(key)));
      const parts = partsOf(bytes, partSize);
      const stored: { ETag: string | undefined; PartNumber: number }[] = [];
      await inParallel(parts.length, AT_ONCE, async (i) => {
        const part = { ...object(key), UploadId, PartNumber: i + 1, Body: parts[i]! };
        const { ETag } = await client.send(new UploadPartCommand(part));
        stored[i] = { ETag, PartNumber: i + 1 };
      });
      const MultipartUpload = { Parts: stored };
      await client.send(new CompleteMultipartUploadCommand({ ...object(key), UploadId, MultipartUpload }));
    },
  };
}

/** minio-js. */
function minioClient(endpoint: string): BenchClient {
  const { hostname, port } = new URL(endpoint);
  const client = new MinioClient({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: keys.accessKeyId,
    secretKey: keys.secretAccessKey,
    region: "us-east-1",
    partSize: 8 * 2 ** 20,
  });
  return {
    async get(key) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await client.getObject(BUCKET, key)) chunks.push(chunk);
      return chunks.length === 1
        ? chunks[0]!
        : new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    },
    // deno-lint-ignore no-explicit-any -- its types want Node's Buffer
    put: (key, bytes) => client.putObject(BUCKET, key, asBuffer(bytes) as any),
    head: (key) => client.statObject(BUCKET, key),
    // It chooses by itself how: parts one after the other.
    // deno-lint-ignore no-explicit-any -- as above
    putParts: (key, bytes) => client.putObject(BUCKET, key, asBuffer(bytes) as any),
  };
}

function asBuffer(bytes: Uint8Array<ArrayBuffer>): unknown {
  const { Buffer } = globalThis as unknown as {
    Buffer: { from(b: ArrayBuffer, o: number, l: number): unknown };
  };
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** aws4fetch: signed `fetch`, the rest is the caller's. */
function aws4fetchClient(endpoint: string): BenchClient {
  const client = new AwsClient({ ...keys, service: "s3", region: "us-east-1" });
  const url = (key: string) => `${endpoint}/${BUCKET}/${key}`;
  const call = async (method: string, key: string, body?: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await (await client.fetch(url(key), { method, body })).arrayBuffer());
  return {
    get: (key) => call("GET", key),
    put: (key, bytes) => call("PUT", key, bytes),
    head: (key) => call("HEAD", key),
    async putParts(key, bytes, partSize) {
      await call("POST", `${key}?uploads`);
      const parts = partsOf(bytes, partSize);
      await inParallel(
        parts.length,
        AT_ONCE,
        (i) => call("PUT", `${key}?partNumber=${i + 1}&uploadId=u1`, parts[i]),
      );
      await call("POST", `${key}?uploadId=u1`);
    },
  };
}

/** A reader of pages, and nothing else. */
async function pageReader(
  url: string,
  read: (page: Uint8Array<ArrayBuffer>) => unknown,
): Promise<BenchClient> {
  const page = new Uint8Array(await (await fetch(`${url}/${BUCKET}?list-type=2`)).arrayBuffer());
  const none = () => Promise.reject(new Error("It only reads pages"));
  return { get: none, put: none, head: none, putParts: none, readPage: async () => await read(page) };
}

async function fastXmlParser(url: string): Promise<BenchClient> {
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false });
  return await pageReader(url, (page) => parser.parse(new TextDecoder().decode(page)));
}

async function scanner(url: string): Promise<BenchClient> {
  return await pageReader(url, async (page) => {
    const { objects } = await readListPage(new Blob([page]).stream());
    for (const _ of objects) { /* they are made as they are asked for */ }
  });
}
