/** Uploads in parts that are not complete yet. */
import {
  concatBytes,
  GenericError,
  type PartId,
  type Path,
  type PutMultipartOptions,
} from "../../store/mod.ts";

const STORE = "InMemory";

interface Upload {
  readonly location: Path;
  readonly options: PutMultipartOptions;
  readonly parts: Map<number, { readonly id: string; readonly bytes: Uint8Array<ArrayBuffer> }>;
}

/** The uploads of a memory store, by id. */
export class MemoryUploads {
  readonly #uploads = new Map<string, Upload>();
  readonly #nextId: () => number;

  constructor(nextId: () => number) {
    this.#nextId = nextId;
  }

  create(location: Path, options: PutMultipartOptions): string {
    const id = String(this.#nextId());
    const { attributes, mode } = options;
    this.#uploads.set(id, { location, options: { attributes, mode }, parts: new Map() });
    return id;
  }

  putPart(location: Path, id: string, index: number, chunks: readonly Uint8Array[]): PartId {
    const upload = this.#find(location, id);
    if (!Number.isSafeInteger(index) || index < 0) {
      throw new GenericError(`Cannot upload part of "${location}": "${index}" is no index`, {
        store: STORE,
        path: location,
      });
    }
    const contentId = `${id}-${index}-${this.#nextId()}`;
    upload.parts.set(index, { id: contentId, bytes: concatBytes(chunks) });
    return { contentId };
  }

  /** All bytes of an upload, whose parts must be exactly those named. */
  assemble(
    location: Path,
    id: string,
    parts: readonly PartId[],
  ): { bytes: Uint8Array<ArrayBuffer>; options: PutMultipartOptions } {
    const upload = this.#find(location, id);
    const bytes = parts.map(({ contentId }, index) => {
      const part = upload.parts.get(index);
      if (part?.id === contentId) return part.bytes;
      throw new GenericError(`Cannot complete the upload of "${location}": Missing part at index ${index}`, {
        store: STORE,
        path: location,
      });
    });
    return { bytes: concatBytes(bytes), options: upload.options };
  }

  abort(id: string): void {
    this.#uploads.delete(id);
  }

  #find(location: Path, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.location === location) return upload;
    throw new GenericError(`Cannot find upload "${id}" of "${location}"`, { store: STORE, path: location });
  }
}
