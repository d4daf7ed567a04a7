import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";
import { GUESTS_DIR, type GuestSource } from "./guests.ts";
import { npmTools } from "./npm_tools.ts";
import { must, run } from "./process.ts";

/** Builds a Rust guest and puts the binary in its place; resolves to the compiler's version. */
export async function buildRust(guest: GuestSource): Promise<string> {
  const target = guest.target ?? "wasm32-wasip2";
  if (await hasTarget(target)) return await buildWithRustup(guest, target);
  if (await hasDebianToolchain()) return await buildWithDebian(guest, target);
  throw new Error(
    `No Rust toolchain for "${target}": run "rustup target add ${target}", or on Debian install ${
      DEBIAN.join(" ")
    }`,
  );
}

async function hasTarget(target: string): Promise<boolean> {
  const { code, stdout } = await run("rustc", ["--print", "target-libdir", "--target", target]);
  if (code !== 0) return false;
  return (await readdir(stdout.trim()).catch(() => [])).some((name) => name.startsWith("libstd-"));
}

async function buildWithRustup(guest: GuestSource, target: string): Promise<string> {
  await must("cargo", ["build", "--release", "--locked", "--target", target, "--package", guest.entry], {
    cwd: GUESTS_DIR,
    env: { [rustFlagsOf(target)]: (await remapPaths()).join(" ") },
  });
  await copyFile(
    join(GUESTS_DIR, "target", target, "release", fileOf(guest)),
    join(GUESTS_DIR, guest.wasm),
  );
  return (await must("rustc", ["--version"])).trim();
}

/** Cargo names the file of a program after its package, that of a library after its crate. */
function fileOf({ entry, library = false }: GuestSource): string {
  return `${library ? entry.replaceAll("-", "_") : entry}.wasm`;
}

const DEBIAN = ["rustc-web", "cargo-web", "rust-web-src", "lld-22", "wasi-libc"];

async function hasDebianToolchain(): Promise<boolean> {
  return (await run("dpkg", ["-s", ...DEBIAN])).code === 0;
}

/**
 * Debian has no prebuilt standard library for WASI: build it from source for preview1, link it against Debian's
 * wasi-libc, and let an adapter turn the preview1 calls into WASI 0.2 where a component is wanted.
 */
async function buildWithDebian(guest: GuestSource, target: string): Promise<string> {
  const libc = "/usr/lib/wasm32-wasi";
  const flags = [`-Lnative=${libc}`, "-Clink-self-contained=no", ...await remapPaths()];
  const env = {
    RUSTC: "/usr/bin/rustc",
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_WASM32_WASIP1_LINKER: "wasm-ld-22",
    [rustFlagsOf("wasm32-wasip1")]: flags.join(" "),
  };
  const args = ["rustc", "--release", "--locked", "--target", "wasm32-wasip1", "-Zbuild-std=std,panic_abort"];
  // The start code goes into the program alone: some crates make a library of their own on the way, which has no main.
  const start = ["--", `-Clink-arg=${libc}/crt1-${guest.library ? "reactor" : "command"}.o`];
  // Debian's wasi-libc is older than its rustc and has no thread functions that only fail; here they trap.
  start.push("-Clink-arg=--unresolved-symbols=ignore-all");
  await must("/usr/bin/cargo", [...args, "--package", guest.entry, ...start], { cwd: GUESTS_DIR, env });
  const core = join(GUESTS_DIR, "target", "wasm32-wasip1", "release", fileOf(guest));
  if (target === "wasm32-wasip1") await copyFile(core, join(GUESTS_DIR, guest.wasm));
  else {await writeFile(
      join(GUESTS_DIR, guest.wasm),
      await adaptPreview1(await readFile(core), guest.library),
    );}
  return (await must("/usr/bin/rustc", ["--version"])).trim();
}

async function adaptPreview1(core: Uint8Array, library = false): Promise<Uint8Array> {
  const kind = library ? "reactor" : "command";
  const adapter = join(await npmTools(), `@bytecodealliance/jco/lib/wasi_snapshot_preview1.${kind}.wasm`);
  return await componentNew(core, [["wasi_snapshot_preview1", await readFile(adapter)]]);
}

function rustFlagsOf(target: string): string {
  return `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}_RUSTFLAGS`;
}

/** Panic messages carry file names; without this the committed binaries would tell where they were built. */
async function remapPaths(): Promise<string[]> {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
  const folders = await readdir(registry).catch(() => []);
  const remap = folders.map((folder) => `--remap-path-prefix=${join(registry, folder)}=crates`);
  const own = [["examples", "../../examples"], ["guests", "."]].map(([name, folder]) =>
    `--remap-path-prefix=${join(GUESTS_DIR, folder!).replace(/\/$/, "")}=${name}`
  );
  return [...remap, ...own];
}
