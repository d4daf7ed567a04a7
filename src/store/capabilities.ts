/**
 * Capabilities beyond the contract that some stores have. Test with the `is…` functions; wrappers forward all of them.
 */
import { notSupported } from "./error.ts";
import type { ObjectStore } from "./object_store.ts";
import type { PathInput } from "./path.ts";
import type { ListResult, OperationOptions, PutMultipartOptions, PutResult } from "./types.ts";

/** A stored part of an upload; plain data that can be written down and read again. */
export interface PartId {
  /** What the service calls the part: an ETag, mostly. */
  readonly contentId: string;
}

/** Uploads in parts by ids that can be written down, so that several programs, or a later one, can go on with one. */
export interface MultipartStore {
  /** Starts an upload and resolves with its id. */
  createMultipart(path: PathInput, options?: PutMultipartOptions): Promise<string>;
  /** Stores a part. Parts may come in any order; `index` counts from 0 and decides where the bytes go. */
  putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options?: OperationOptions,
  ): Promise<PartId>;
  /** Makes the object visible; `parts` in the order of their indices. */
  completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options?: OperationOptions,
  ): Promise<PutResult>;
  /** Aborts the upload and frees its parts. */
  abortMultipart(path: PathInput, id: string, options?: OperationOptions): Promise<void>;
}

/** Options of {@linkcode PaginatedListStore.listPage}. */
export interface ListPageOptions extends OperationOptions {
  /** Only keys strictly greater than this. */
  readonly offset?: string;
  /** Keys that hold this after the prefix are rolled up into common prefixes. Any text. */
  readonly delimiter?: string;
  /** Most keys and prefixes of a page; the service may give fewer. */
  readonly maxKeys?: number;
  /** From the page before. Opaque. */
  readonly pageToken?: string;
}

/** One page of a listing. */
export interface ListPage {
  /** Objects and common prefixes of the page. */
  readonly result: ListResult;
  /** For the next page; absent on the last. */
  readonly pageToken?: string;
}

/** Listing page by page, with prefixes that need not end at a segment. */
export interface PaginatedListStore {
  /** One page of the keys that start with `prefix`, as it is: `fo` finds `foo/x` too. */
  listPage(prefix?: string, options?: ListPageOptions): Promise<ListPage>;
}

/** Options of {@linkcode Signer.signedUrl}. */
export interface SignOptions extends OperationOptions {
  /** Further query parameters, signed too. */
  readonly extraQuery?: readonly (readonly [name: string, value: string])[];
  /** Headers that the request must then carry with these values. */
  readonly signedHeaders?: readonly (readonly [name: string, value: string])[];
}

/** URLs that let others make one kind of request for a while. */
export interface Signer {
  /** A URL for `method` on `path`, valid for `expiresIn` seconds. */
  signedUrl(method: string, path: PathInput, expiresIn: number, options?: SignOptions): Promise<string>;
  /** One URL a path, in order. */
  signedUrls(
    method: string,
    paths: readonly PathInput[],
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string[]>;
}

/**
 * Whether a store has {@linkcode MultipartStore}. A wrapper has it; its calls then tell whether the inner store does.
 */
export function isMultipartStore(store: ObjectStore): store is ObjectStore & MultipartStore {
  return "createMultipart" in store;
}

/** Whether a store has {@linkcode PaginatedListStore}; for wrappers see {@linkcode isMultipartStore}. */
export function isPaginatedListStore(store: ObjectStore): store is ObjectStore & PaginatedListStore {
  return "listPage" in store;
}

/** Whether a store has {@linkcode Signer}; for wrappers see {@linkcode isMultipartStore}. */
export function isSigner(store: ObjectStore): store is ObjectStore & Signer {
  return "signedUrl" in store;
}

/**
 * The store as a {@linkcode MultipartStore}.
 *
 * @throws {NotSupportedError} if it is not one.
 */
export function asMultipartStore(store: ObjectStore): ObjectStore & MultipartStore {
  if (isMultipartStore(store)) return store;
  return notSupported("upload parts by id", `${store.name} has no such uploads; use putMultipart`, {
    store: store.name,
  });
}

/**
 * The store as a {@linkcode PaginatedListStore}.
 *
 * @throws {NotSupportedError} if it is not one.
 */
export function asPaginatedListStore(store: ObjectStore): ObjectStore & PaginatedListStore {
  if (isPaginatedListStore(store)) return store;
  return notSupported("list page by page", `${store.name} has no pages; use list`, { store: store.name });
}

/**
 * The store as a {@linkcode Signer}.
 *
 * @throws {NotSupportedError} if it is not one.
 */
export function asSigner(store: ObjectStore): ObjectStore & Signer {
  if (isSigner(store)) return store;
  return notSupported("sign a URL", `${store.name} has no signed URLs`, { store: store.name });
}
