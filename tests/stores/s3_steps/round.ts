/** What the steps on real servers share. */
import type { S3Store, S3StoreOptions } from "../../../src/stores/s3/mod.ts";
import type { RunningS3, S3Server } from "../../servers/s3.ts";

/** Keys that are easily got wrong. */
export const ODD_KEYS: readonly string[] = [
  "plain.txt",
  "a b/c+d=e&f.txt",
  "ünïcödé/日本語/🙀.bin",
  "%41/%2F/100%",
  "it's (a) *test*!~$@:;,",
  "#hash?query",
  '<&>"quotes"',
  "tilde~/dash-/under_/dot.x",
];

/** Size of the smallest part. */
export const MIB5: number = 5 * 1024 * 1024;

/** Bytes that tell where they are. */
export function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

/** Runs `curl`, which knows nothing of S3. */
export async function curl(
  ...args: string[]
): Promise<{ readonly status: number; readonly body: Uint8Array }> {
  const { code, stdout, stderr } = await new Deno.Command("curl", {
    args: [
      "--silent",
      "--show-error",
      "--output",
      "-",
      "--write-out",
      "%{stderr}%{http_code}",
      // Of its own accord it would call what it puts a form.
      ...(args.includes("--form-string") ? [] : ["--header", "content-type:"]),
      ...args,
    ],
  }).output();
  const said = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`curl failed: ${said}`);
  return { status: Number(said.slice(-3)), body: stdout };
}

/** What a step is given. */
export interface Round {
  readonly store: S3Store;
  readonly options: S3StoreOptions;
  readonly running: RunningS3;
  readonly server: S3Server;
}

/** Steps by name. */
export type Steps = Readonly<Record<string, (round: Round) => Promise<void>>>;
