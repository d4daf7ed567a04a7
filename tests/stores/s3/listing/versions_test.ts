/** Listings of versions. */
import { strict as assert } from "node:assert";
import { answer } from "../fake/answers.ts";
import { open } from "../fake/store.ts";

Deno.test("versions of one second stay in the service's order, and keys are ordered by their bytes", async () => {
  const time = "<LastModified>2024-01-01T00:00:00.000Z</LastModified>";
  const entry = (name: string, key: string, id: string, more = "") =>
    `<${name}><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${
      id === "9"
    }</IsLatest>${time}${more}</${name}>`;
  const version = (key: string, id: string) => entry("Version", key, id, "<ETag>e</ETag><Size>1</Size>");
  const marker = (key: string, id: string) => entry("DeleteMarker", key, id);
  const keys = ["\u{E000}", "\u{FF5E}", "\u{1F600}"];
  const lines = keys.flatMap((key) => [
    version(key, "9"),
    marker(key, "8"),
    version(key, "7"),
    version(key, "6"),
    marker(key, "5"),
  ]);
  const page = `<?xml version="1.0"?>\n<ListVersionsResult xmlns="n"><IsTruncated>false</IsTruncated>${
    lines.join("\n")
  }</ListVersionsResult>`;
  const { store } = open(() => answer(200, page));
  const found: unknown[] = [];
  for await (const { location, version, deleteMarker, isLatest } of store.listVersions()) {
    found.push([location, version, deleteMarker, isLatest]);
  }
  assert.deepEqual(
    found,
    keys.flatMap((key) => [
      [key, "9", false, true],
      [key, "8", true, false],
      [key, "7", false, false],
      [key, "6", false, false],
      [key, "5", true, false],
    ]),
  );
});
