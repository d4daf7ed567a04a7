/** What an object holds: by its content type, its name, and its first bytes. */

/** How it can be shown. */
export type Kind = "text" | "json" | "image" | "audio" | "video" | "wasm" | "binary";

const EXTENSIONS: Readonly<Record<string, Kind>> = {
  png: "image",
  jpg: "image",
  jpeg: "image",
  gif: "image",
  webp: "image",
  avif: "image",
  bmp: "image",
  ico: "image",
  svg: "image",
  json: "json",
  geojson: "json",
  webmanifest: "json",
  wasm: "wasm",
  mp3: "audio",
  ogg: "audio",
  wav: "audio",
  flac: "audio",
  mp4: "video",
  webm: "video",
};

/** Content types that say too little to be believed. */
const VAGUE = /^(?:application|binary)\/octet-stream/;

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  svg: "image/svg+xml",
  jpg: "image/jpeg",
  ico: "image/x-icon",
};

/** The kind of an object from its name and type alone; `undefined` where only its bytes can tell. */
export function kindByName(path: string, contentType = ""): Kind | undefined {
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (/^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)$/.test(type)) {
    return "image";
  }
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (type === "application/wasm") return "wasm";
  if (type.startsWith("audio/")) return "audio";
  if (type.startsWith("video/")) return "video";
  if (type !== "" && !VAGUE.test(type) && !type.startsWith("text/plain")) {
    if (type.startsWith("text/")) return "text";
  }
  return EXTENSIONS[extensionOf(path)];
}

/** The kind told by the first bytes: text is UTF-8 without control characters. */
export function kindByBytes(bytes: Uint8Array): Kind {
  if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d) return "wasm";
  return isText(bytes) ? "text" : "binary";
}

/** The content type for showing an image: of what the store says, or by its name. */
export function imageType(path: string, contentType = ""): string {
  if (contentType.startsWith("image/")) return contentType;
  const extension = extensionOf(path);
  return IMAGE_TYPES[extension] ?? `image/${extension}`;
}

/** The icon of an object in lists. */
export function iconOf(path: string): string {
  const kind = EXTENSIONS[extensionOf(path)];
  if (kind === "image") return "image";
  if (kind === "wasm") return "chip";
  if (kind === "audio" || kind === "video") return "media";
  if (/\.(?:zip|gz|tgz|tar|zst|xz|bz2|7z|br)$/i.test(path)) return "archive";
  return kind === "json" || /\.(?:md|txt|csv|log|ts|js|rs|py|go|toml|ya?ml|xml|html?|css|sh)$/i.test(path)
    ? "text"
    : "file";
}

function extensionOf(path: string): string {
  return /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}

function isText(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) return false;
  }
  try {
    // The last character may be cut off, which is no fault of the text.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
