/** Versions of objects. Source: S3 API reference, `ListObjectVersions`. */
import { GenericError } from "../../../store/error.ts";
import { isBelow } from "../../../store/list.ts";
import { comparePaths, type Path } from "../../../store/path.ts";
import type { ObjectMeta, OperationOptions } from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import { sendDocument } from "../send_document.ts";
import type { XmlElement } from "../../common/xml.ts";
import { STORE } from "../core.ts";
import { decodeKey } from "./values.ts";

/** One version of an object, or the marker of its deletion (which has size 0 and no ETag). */
export interface ObjectVersion extends ObjectMeta {
  /** Its id; `null` for one written while the bucket kept no versions. */
  readonly version: string;
  /** Whether it is the version that a get without `version` returns. */
  readonly isLatest: boolean;
  /** Whether it marks a deletion: it has no content, and a get that finds it fails. */
  readonly deleteMarker: boolean;
}

/** Versions of an object, or of all objects below a prefix, newest first for each key. */
export async function* listVersions(
  client: S3Client,
  prefix: Path,
  options: OperationOptions,
): AsyncGenerator<ObjectVersion, void, undefined> {
  const { xmlChildren, xmlText } = await import("../../common/xml.ts");
  let marker: readonly [key: string, version: string] | undefined;
  for (;;) {
    const { root, text } = await sendDocument(client, {
      method: "GET",
      action: "list the versions of the bucket",
      query: [
        ["versions", ""],
        ...(client.provider.encodingType ? [["encoding-type", "url"] as const] : []),
        ...(prefix === "" ? [] : [["prefix", prefix] as const]),
        ...(marker === undefined ? [] : [["key-marker", marker[0]] as const]),
        ...(marker === undefined || marker[1] === "" ? [] : [["version-id-marker", marker[1]] as const]),
      ],
      options,
    }, { root: "ListVersionsResult", lists: ["Version", "DeleteMarker"] });
    const decode = xmlText(root, "EncodingType") === "url" ? decodeKey : (key: string) => key;
    const found: ObjectVersion[] = [];
    for (
      const [name, element] of inOrder(text, xmlChildren(root, "Version"), xmlChildren(root, "DeleteMarker"))
    ) {
      const location = decode(xmlText(element, "Key") ?? "") as Path;
      if (prefix !== "" && location !== prefix && !isBelow(location, prefix)) continue;
      found.push({
        location,
        lastModified: new Date(xmlText(element, "LastModified") ?? 0),
        size: Number(xmlText(element, "Size") ?? 0),
        eTag: xmlText(element, "ETag") || undefined,
        version: xmlText(element, "VersionId") ?? "null",
        isLatest: xmlText(element, "IsLatest") === "true",
        deleteMarker: name === "DeleteMarker",
      });
    }
    yield* found.sort(byKeyThenAge);
    if (xmlText(root, "IsTruncated") !== "true") return;
    const next = [
      decode(xmlText(root, "NextKeyMarker") ?? ""),
      xmlText(root, "NextVersionIdMarker") ?? "",
    ] as const;
    if (next[0] === "" || marker !== undefined && marker[0] === next[0] && marker[1] === next[1]) {
      throw new GenericError(
        "Cannot list the versions of the bucket: the service does not say where the next page begins",
        {
          store: STORE,
        },
      );
    }
    marker = next;
  }
}

type Name = "Version" | "DeleteMarker";

/**
 * Versions and markers of deletions in the order of their document, which the parser has put into two lists: many share
 * a second, and then nothing else tells which is newer.
 */
function* inOrder(
  text: string,
  versions: readonly XmlElement[],
  markers: readonly XmlElement[],
): Generator<readonly [Name, XmlElement], void, undefined> {
  const left = { Version: [...versions].reverse(), DeleteMarker: [...markers].reverse() };
  for (const [, found] of text.matchAll(/<(?:[\w.-]+:)?(Version|DeleteMarker)(?=[\s>])/g)) {
    const name = found as Name;
    const element = left[name].pop();
    if (element !== undefined) yield [name, element];
  }
}

/** By key, then newest first; what the service does not tell apart stays as it came. */
function byKeyThenAge(a: ObjectVersion, b: ObjectVersion): number {
  if (a.location !== b.location) return comparePaths(a.location, b.location);
  if (a.isLatest !== b.isLatest) return a.isLatest ? -1 : 1;
  return b.lastModified.getTime() - a.lastModified.getTime();
}
