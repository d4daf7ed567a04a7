/** Tags of objects. Source: S3 API reference, `GetObjectTagging` and its like. */
import { NotFoundError, notSupported } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import type { OperationOptions, Tags } from "../../store/types.ts";
import { contentMd5 } from "./checksum/content_md5.ts";
import type { S3Client } from "./client.ts";
import { sendDocument } from "./send_document.ts";
import { run, STORE } from "./core.ts";
import { usesTags } from "./write_headers.ts";

/** Which version's tags. */
export interface TagOptions extends OperationOptions {
  /** A version id; the latest by default. */
  readonly version?: string;
}

function query(options: TagOptions): (readonly [string, string])[] {
  return [
    ["tagging", ""],
    ...(options.version === undefined ? [] : [["versionId", options.version] as const]),
  ];
}

function requireTags(client: S3Client, path: Path): void {
  if (usesTags(client)) return;
  notSupported(`tag "${path}"`, "this service has no tags, or they are turned off", { store: STORE, path });
}

/** The tags of an object; an object without any has none. */
export async function getTags(client: S3Client, path: Path, options: TagOptions): Promise<Tags> {
  requireTags(client, path);
  const { xmlChild, xmlChildren, xmlText } = await import("../common/xml.ts");
  try {
    const { root } = await sendDocument(
      client,
      { method: "GET", action: "get the tags of", path, query: query(options), options },
      // Ceph's answer for objects that came of parts.
      { root: "Tagging", lists: ["Tag"], mayBeEmpty: true },
    );
    const tags: Record<string, string> = {};
    for (const tag of xmlChildren(xmlChild(root, "TagSet"), "Tag")) {
      // A key such as `__proto__` must become an entry.
      Object.defineProperty(tags, xmlText(tag, "Key") ?? "", {
        value: xmlText(tag, "Value") ?? "",
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return tags;
  } catch (error) {
    if (error instanceof NotFoundError && error.code === "NoSuchTagSet") return {};
    throw error;
  }
}

/** Replaces the tags of an object; none takes them away. */
export async function putTags(client: S3Client, path: Path, tags: Tags, options: TagOptions): Promise<void> {
  requireTags(client, path);
  const entries = Object.entries(tags);
  if (entries.length === 0) {
    await run(client, {
      method: "DELETE",
      action: "delete the tags of",
      path,
      query: query(options),
      options,
    });
    return;
  }
  const { escapeXml } = await import("../common/xml.ts");
  const items = entries.map(([key, value]) =>
    `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`
  );
  const body = new TextEncoder().encode(
    `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${items.join("")}</TagSet></Tagging>`,
  );
  await run(client, {
    method: "PUT",
    action: "put the tags of",
    path,
    query: query(options),
    headers: [["content-type", "application/xml"], ["content-md5", contentMd5(body)]],
    body: [body],
    options,
  });
}
