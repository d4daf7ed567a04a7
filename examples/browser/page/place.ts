/** Where the user is, kept in the URL's fragment: `#/reports/2026/` a folder, `#/reports/a.csv` an object, `#run`. */

/** What the page shows. */
export interface Place {
  /** Objects, or the running of guests. */
  readonly view: "objects" | "run";
  /** The folder listed, without slashes at its ends. */
  readonly folder: string;
  /** Path of the object previewed. */
  readonly object?: string;
}

/** The place that a fragment names; the root for one that names none. */
export function parsePlace(hash: string): Place {
  if (hash === "#run") return { view: "run", folder: "" };
  const path = hash.replace(/^#\/?/, "").split("/").map(decode);
  const object = path.at(-1) === "" ? undefined : path.join("/");
  return { view: "objects", folder: path.slice(0, -1).join("/"), object };
}

/** The fragment of a place. */
export function formatPlace({ view, folder, object }: Place): string {
  if (view === "run") return "#run";
  const encode = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
  return object === undefined ? `#/${folder === "" ? "" : `${encode(folder)}/`}` : `#/${encode(object)}`;
}

/** The folder above; the root is above itself. */
export function parentFolder(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The last segment. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path below a folder. */
export function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
