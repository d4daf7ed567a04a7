/** The committed binaries are those that their sources make. */
import { deepEqual, notEqual, ok } from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { COMMITTED, GUESTS_DIR, ON_DEMAND } from "../../scripts/build_guests/guests.ts";
import { hashSources, problemOf, readManifest } from "../../scripts/build_guests/manifest.ts";

Deno.test("committed guests match their sources", async () => {
  const manifest = await readManifest();
  const problems = await Promise.all(
    Object.entries(COMMITTED).map(([name, guest]) => problemOf(name, guest, manifest)),
  );
  deepEqual(problems.filter((problem) => problem !== undefined), []);
  deepEqual(Object.keys(manifest).sort(), Object.keys(COMMITTED).sort());
});

Deno.test("a guest that is older than its sources, absent or another file is told", async () => {
  const manifest = await readManifest(), name = "wat/none", guest = COMMITTED["hello-0.2.0"]!;
  const entry = manifest["hello-0.2.0"]!;
  ok((await problemOf(name, guest, {}))?.includes("not in the manifest"));
  ok(
    (await problemOf(name, guest, { [name]: { ...entry, sources: "0" } }))?.includes(
      "older than its sources",
    ),
  );
  ok((await problemOf(name, guest, { [name]: { ...entry, wasm: "0" } }))?.includes("not the file"));
  ok((await problemOf(name, { ...guest, wasm: "wat/none.wasm" }, { [name]: entry }))?.includes("no binary"));
});

Deno.test("the hash of sources sees names and contents", async () => {
  const guest = COMMITTED["hello"]!;
  const whole = await hashSources(guest);
  notEqual(whole, await hashSources({ ...guest, sources: guest.sources.slice(1) }));
  deepEqual(whole, await hashSources({ ...guest, sources: guest.sources.toReversed() }));
});

Deno.test("every folder with a guest's sources is known to the build", async () => {
  const sources = [...Object.values(COMMITTED), ...Object.values(ON_DEMAND)].flatMap((guest) =>
    guest.sources
  );
  const known = new Set(sources.map((source) => source.split("/")[0]));
  const entries = await readdir(GUESTS_DIR, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !["build", "target"].includes(entry.name));
  deepEqual(folders.map(({ name }) => name).filter((name) => !known.has(name)), []);
});
