/** Multipart uploads that were neither completed nor aborted: invisible, yet billed. */
import { GenericError } from "../../../store/error.ts";
import { isBelow } from "../../../store/list.ts";
import type { Path } from "../../../store/path.ts";
import type { OperationOptions } from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import { sendDocument } from "../send_document.ts";
import { STORE } from "../core.ts";
import { decodeKey } from "../listing/values.ts";
import { abortUpload } from "./uploads.ts";

/** A multipart upload that has not been completed. */
export interface PendingUpload {
  /** Key of the object being uploaded. */
  readonly path: Path;
  /** Its id, for `putPart`, `completeMultipart`, `abortMultipart` and `resumeMultipart`. */
  readonly id: string;
  /** When it began. */
  readonly initiated: Date;
}

/** Which uploads. */
export interface PendingUploadOptions extends OperationOptions {
  /** Only those begun before this instant. */
  readonly before?: Date;
}

/** Uploads below a prefix. */
export async function* listUploads(
  client: S3Client,
  prefix: Path,
  options: PendingUploadOptions,
): AsyncGenerator<PendingUpload, void, undefined> {
  const { xmlChildren, xmlText } = await import("../../common/xml.ts");
  let marker: readonly [key: string, id: string] | undefined;
  let { encodingType } = client.provider;
  for (;;) {
    const { root } = await sendDocument(client, {
      method: "GET",
      action: "list the uploads of the bucket",
      query: [
        ["uploads", ""],
        ...(encodingType ? [["encoding-type", "url"] as const] : []),
        ...(prefix === "" ? [] : [["prefix", prefix] as const]),
        ...(marker === undefined
          ? []
          : [["key-marker", marker[0]] as const, ["upload-id-marker", marker[1]] as const]),
      ],
      options,
    }, { root: "ListMultipartUploadsResult", lists: ["Upload"] });
    // Ceph encodes without saying so, others say nothing as they do not: asked for plainly the keys are what they are.
    if (encodingType && xmlText(root, "EncodingType") !== "url" && xmlChildren(root, "Upload").length > 0) {
      encodingType = false;
      continue;
    }
    const decode = xmlText(root, "EncodingType") === "url" ? decodeKey : (key: string) => key;
    for (const upload of xmlChildren(root, "Upload")) {
      const path = decode(xmlText(upload, "Key") ?? "") as Path;
      const id = xmlText(upload, "UploadId");
      const initiated = new Date(xmlText(upload, "Initiated") ?? NaN);
      if (id === undefined || prefix !== "" && path !== prefix && !isBelow(path, prefix)) continue;
      // One whose age is not known is not taken for old.
      if (options.before !== undefined && !(initiated < options.before)) continue;
      yield { path, id, initiated };
    }
    const next = [
      decode(xmlText(root, "NextKeyMarker") ?? ""),
      xmlText(root, "NextUploadIdMarker") ?? "",
    ] as const;
    if (xmlText(root, "IsTruncated") !== "true") return;
    if (next[0] === "" || marker !== undefined && marker[0] === next[0] && marker[1] === next[1]) {
      throw new GenericError(
        "Cannot list the uploads of the bucket: the service does not say where the next page begins",
        {
          store: STORE,
        },
      );
    }
    marker = next;
  }
}

/** Aborts such uploads, and returns them. */
export async function abortUploads(
  client: S3Client,
  prefix: Path,
  options: PendingUploadOptions,
): Promise<PendingUpload[]> {
  const stale: PendingUpload[] = [];
  for await (const upload of listUploads(client, prefix, options)) stale.push(upload);
  for (const { path, id } of stale) await abortUpload(client, path, id, options);
  return stale;
}
