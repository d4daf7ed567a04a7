/** The page: puts its parts together and follows the URL. */
import { ConnectDialog } from "./stores/connect.ts";
import { showShortcuts } from "./page/dialogs.ts";
import { announce, byId, isTyping, messageOf, nameOf, notify } from "./page/dom.ts";
import { downloadJob } from "./transfers/download.ts";
import { watchDrops } from "./transfers/drop.ts";
import { Files } from "./objects/files.ts";
import { count } from "./page/format.ts";
import { GuestView } from "./guests/view.ts";
import { drawCrumbs, drawProblem, drawStore } from "./objects/frame.ts";
import { deleteJobs, type Entry, renameJob } from "./objects/operations.ts";
import { fileName, formatPlace, join, parentFolder, parsePlace, type Place } from "./page/place.ts";
import { Preview } from "./preview/preview.ts";
import { type Connected, findGateway, openConnection, type Settings } from "./stores/stores.ts";
import { startTheme } from "./page/theme.ts";
import { Transfers } from "./transfers/transfers.ts";
import { chosenFiles, type Incoming, uploadJob } from "./transfers/upload.ts";

startTheme();

let connected: Connected | undefined;
let place: Place = parsePlace(location.hash);
let entries: readonly Entry[] = [];
/** Folder whose entries are in the list. */
let listed: string | undefined;
let listing = new AbortController();
let reloading: ReturnType<typeof setTimeout> | undefined;

const guests = new GuestView();
const transfers = new Transfers(() => {
  // Many small transfers end close together; the folder is read once for all of them.
  clearTimeout(reloading);
  reloading = setTimeout(() => reload(), 150);
});
const files = new Files({
  open: (entry) =>
    go(
      entry.kind === "folder"
        ? { view: "objects", folder: entry.path }
        : { view: "objects", folder: place.folder, object: entry.path },
    ),
  up: () => place.folder !== "" && go({ view: "objects", folder: parentFolder(place.folder) }),
  remove: (chosen) => remove(chosen),
  rename: (entry) => rename(entry),
  download: (chosen) => download(chosen),
  closePreview: () => closePreview(),
});
const preview = new Preview({
  download: (path, size) => download([{ kind: "object", path, size, time: new Date(0) }]),
  rename: (path) => rename({ kind: "object", path, size: 0, time: new Date(0) }),
  remove: (path) => remove([{ kind: "object", path, size: 0, time: new Date(0) }]),
  run(name, bytes) {
    go({ view: "run", folder: "" });
    guests.load(name, bytes);
  },
  close: () => closePreview(),
});

const gateway = await findGateway();
const dialog = new ConnectDialog(connect, gateway);

async function connect(settings: Settings): Promise<void> {
  const next = await openConnection(settings, gateway);
  try {
    // Whether it can be listed is the first thing that the page needs.
    await next.store.listWithDelimiter("", { invalidPaths: "skip" });
  } catch (error) {
    next.close();
    throw error;
  }
  use(next);
  go({ view: "objects", folder: "" });
}

function use(next: Connected): void {
  connected?.close();
  connected = next;
  listed = undefined;
  preview.hide();
  drawStore(next);
  guests.suggest(next.origin);
}

/** Goes to a place; the browser's history has it, and its event draws it. */
function go(next: Place): void {
  const hash = formatPlace(next);
  if (location.hash === hash) void show();
  else location.hash = hash;
}

function closePreview(): void {
  const path = place.object;
  if (path === undefined) return;
  go({ view: "objects", folder: place.folder });
  files.focus(path);
}

async function show(): Promise<void> {
  place = parsePlace(location.hash);
  const run = place.view === "run";
  byId("objects").hidden = run;
  byId("run").hidden = !run;
  byId("view-objects").setAttribute("aria-current", run ? "false" : "page");
  byId("view-run").setAttribute("aria-current", run ? "page" : "false");
  document.title = run
    ? "Run · storeport"
    : `${fileName(place.object ?? place.folder) || "storeport"} · storeport`;
  if (run || connected === undefined) return;
  drawCrumbs(connected, place.folder);
  if (listed !== place.folder) await list(false);
  files.mark(place.object);
  byId("objects").classList.toggle("previewing", place.object !== undefined);
  if (place.object === undefined) preview.hide();
  else if (preview.path !== place.object) await preview.show(connected, place.object);
}

async function list(keep: boolean): Promise<void> {
  if (connected === undefined) return;
  const { store } = connected;
  const { folder } = place;
  listing.abort();
  listing = new AbortController();
  const { signal } = listing;
  const focused = byId("files").contains(document.activeElement);
  byId("list").setAttribute("aria-busy", "true");
  try {
    const found = await store.listWithDelimiter(folder, { signal, invalidPaths: "skip" });
    if (signal.aborted) return;
    entries = [
      ...found.commonPrefixes.map((path): Entry => ({ kind: "folder", path, size: 0, time: new Date(0) })),
      ...found.objects.map(({ location: path, size, lastModified: time, eTag }): Entry => ({
        kind: "object",
        path,
        size,
        time,
        eTag,
      })),
    ];
    const before = listed;
    listed = folder;
    drawProblem(undefined);
    files.show(entries, { keep });
    if (keep) return;
    // Out of a folder: the focus goes where it came from.
    if (focused) files.focus(before !== undefined && parentFolder(before) === folder ? before : undefined);
    announce(`${count(entries.length, "item")} in ${folder === "" ? connected.label : fileName(folder)}`);
  } catch (error) {
    if (signal.aborted) return;
    listed = undefined;
    files.show([], { keep: false });
    drawProblem(error, { retry: () => list(false), connect: () => dialog.open(connected?.settings) });
    announce(messageOf(error));
  } finally {
    if (!signal.aborted) byId("list").removeAttribute("aria-busy");
  }
}

async function reload(): Promise<void> {
  if (place.view === "run" || connected === undefined) {
    // Whoever comes back finds it as it is then.
    listed = undefined;
    return;
  }
  await list(true);
  if (place.object === undefined) return;
  const there = entries.some(({ path }) => path === place.object);
  if (there) await preview.show(connected, place.object);
  else go({ view: "objects", folder: place.folder });
}

function upload(incoming: readonly Incoming[]): void {
  if (connected === undefined || incoming.length === 0) return;
  const { store } = connected;
  const collision = byId("protect").getAttribute("aria-checked") === "true" ? "refuse" : "replace";
  transfers.add(
    incoming.map(({ file, path }) => uploadJob(store, join(place.folder, path), file, collision)),
  );
}

async function download(chosen: readonly Entry[]): Promise<void> {
  for (const { kind, path, size } of chosen) {
    if (kind === "folder" || connected === undefined) continue;
    try {
      const job = await downloadJob(connected.store, path, size);
      if (job !== undefined) transfers.add([job]);
    } catch (error) {
      notify(messageOf(error), "error");
    }
  }
}

async function remove(chosen: readonly Entry[]): Promise<void> {
  if (connected === undefined || connected.readOnly || chosen.length === 0) return;
  transfers.add(await deleteJobs(connected.store, chosen));
}

async function rename(entry: Entry): Promise<void> {
  if (connected === undefined || connected.readOnly) return;
  const job = await renameJob(connected.store, entry);
  if (job !== undefined) transfers.add([job]);
}

function choose(id: "upload-files" | "upload-folder"): void {
  if (connected !== undefined && !connected.readOnly) byId(id).click();
}

/** What the keys do wherever the focus is, unless it is where one writes. */
function onKey(event: KeyboardEvent): void {
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") !== null) return;
  const actions: Record<string, () => unknown> = {
    "?": showShortcuts,
    "s": () => dialog.open(connected?.settings),
    "1": () => go({ view: "objects", folder: place.folder }),
    "2": () => go({ view: "run", folder: "" }),
    ...(place.view === "run" ? {} : {
      "/": () => byId("filter").focus(),
      "r": () => reload(),
      "u": () => choose("upload-files"),
      "Escape": () => closePreview(),
    }),
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

for (const id of ["upload-files", "upload-folder"] as const) {
  byId(`${id}-button`).addEventListener("click", () => choose(id));
  byId<HTMLInputElement>(id).addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    upload(chosenFiles(input.files!));
    input.value = "";
  });
}
byId("protect").addEventListener("click", ({ currentTarget }) => {
  const button = currentTarget as HTMLElement;
  button.setAttribute("aria-checked", String(button.getAttribute("aria-checked") !== "true"));
});
byId("filter").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "Enter") files.focus();
  else if (event.key !== "Escape") return;
  else {
    (byId("filter") as HTMLInputElement).value = "";
    byId("filter").dispatchEvent(new Event("input"));
    files.focus();
  }
  event.preventDefault();
});
byId("reload").addEventListener("click", () => reload());
byId("shortcuts").addEventListener("click", () => showShortcuts());
byId("store").addEventListener("click", () => dialog.open(connected?.settings));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  if (place.view === "run") byId("guest-choose").focus();
  else files.focus();
});
byId("selection-download").addEventListener("click", () => download(files.chosen));
byId("selection-rename").addEventListener("click", () => files.chosen[0] && rename(files.chosen[0]));
byId("selection-delete").addEventListener("click", () => remove(files.chosen));
byId("selection-clear").addEventListener("click", () => files.clear());
watchDrops({
  canUpload: () => place.view === "objects" && connected !== undefined && !connected.readOnly,
  where: () => place.folder === "" ? connected?.label ?? "" : fileName(place.folder),
  upload,
  async run(file) {
    go({ view: "run", folder: "" });
    await guests.loadFile(file);
  },
});
document.addEventListener("keydown", onKey);
addEventListener("hashchange", () => show());
addEventListener("beforeunload", (event) => {
  if (transfers.busy) event.preventDefault();
});

/** The store to begin with: one that the page's URL names, or the gateway that serves the page. */
async function begin(): Promise<void> {
  const named = new URLSearchParams(location.search).get("store");
  const url = named ?? gateway?.store;
  if (url === undefined) {
    await show();
    return dialog.open();
  }
  const settings: Settings = url.startsWith("memory:") ? { kind: "memory" } : { kind: "http", url };
  try {
    const first = await openConnection(settings, gateway);
    if (first.settings.kind === "http" && url === gateway?.store && gateway.auth.length > 0) {
      await first.store.listWithDelimiter("");
    }
    use(first);
    await show();
  } catch (error) {
    await show();
    dialog.open(
      settings,
      nameOf(error) === "UnauthenticatedError" ? "It asks for credentials." : messageOf(error),
    );
  }
}

await begin();
