/**
 * The store contract: objects by path, with the semantics of Rust's `object_store`, and the algorithms that stores are
 * made with.
 *
 * @module
 */
export * from "./base.ts";
export * from "./capabilities.ts";
export * from "./coalesce.ts";
export * from "./collect.ts";
export * from "./concurrency.ts";
export * from "./content_range.ts";
export * from "./delete.ts";
export * from "./error.ts";
export * from "./error_path.ts";
export * from "./etag.ts";
export * from "./list.ts";
export * from "./multipart.ts";
export * from "./newline_delimited.ts";
export type * from "./object_store.ts";
export * from "./parallel_get.ts";
export * from "./path.ts";
export * from "./payload.ts";
export * from "./preconditions.ts";
export * from "./range.ts";
export * from "./reader.ts";
export * from "./result.ts";
export * from "./resume.ts";
export * from "./stream.ts";
export type * from "./types.ts";
export { createPutWriter, createWriter } from "./writer.ts";
export { DEFAULT_PART_SIZE, DEFAULT_WRITER_CONCURRENCY, partSizeAt } from "./writer_parts.ts";
export type { WriterContext, WriterTarget } from "./writer_sink.ts";
