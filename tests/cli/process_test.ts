/** The command as a process of its own: pipes, signals, permissions. */
import assert from "node:assert/strict";
import { cliTest, run, runProcess, spawn } from "./cli_support.ts";

cliTest("process: arguments, output and exit codes", async ({ cwd }) => {
  await Deno.writeTextFile(`${cwd}/a`, "A\n");
  const [good, missing, usage] = await Promise.all([
    runProcess(["cat", "a"], { cwd }),
    runProcess(["cat", "nope"], { cwd }),
    runProcess(["--bogus"], { cwd }),
  ]);
  assert.deepEqual(good, { code: 0, out: "A\n", err: "" });
  assert.deepEqual(missing, {
    code: 1,
    out: "",
    err: `storeport: Cannot read "${cwd}/nope": no such file\n`,
  });
  assert.equal(usage.code, 2);
});

cliTest("process: standard input goes to a store, and comes back whole", async ({ cwd, url }) => {
  const child = spawn(["put", "-", `${url}/in`], { cwd, stdin: "piped" });
  const bytes = new Uint8Array(1_000_000).map((_, i) => i * 7);
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  assert.equal((await child.output()).code, 0);
  const { code, stdout } = await spawn(["cat", `${url}/in`]).output();
  assert.equal(code, 0);
  assert.deepEqual(stdout, bytes);
});

cliTest("process: a reader that leaves ends it in peace", async ({ cwd }) => {
  await Deno.writeFile(`${cwd}/big`, new Uint8Array(8_000_000));
  const child = spawn(["cat", "big"], { cwd });
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.deepEqual([code, err], [0, ""]);
});

cliTest("process: output that cannot be written is named", async ({ cwd }) => {
  if (!(await Deno.stat("/dev/full").catch(() => undefined))) return console.log("SKIPPED: no /dev/full");
  await Deno.writeTextFile(`${cwd}/a`, "A\n");
  const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", `exec "$0" run -A "$1" cat a > /dev/full`, Deno.execPath(), main],
    cwd,
  }).output();
  assert.equal(code, 1);
  assert.match(
    new TextDecoder().decode(stderr),
    /^storeport: Cannot write to standard output: no space left/i,
  );
});

cliTest("process: SIGINT leaves nothing half-written", async ({ cwd }) => {
  const child = spawn(["put", "-", "file"], { cwd, stdin: "piped" });
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(500_000));
  while ((await Array.fromAsync(Deno.readDir(cwd))).length === 0) {
    await new Promise((next) => setTimeout(next, 5));
  }
  child.kill("SIGINT");
  const [{ code }, err] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    child.stdout.cancel(),
  ]);
  await writer.abort().catch(() => {});
  assert.deepEqual([code, err], [130, "storeport: interrupted\n"]);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(cwd)), []);
});

cliTest("process: without permissions it says which are missing", async ({ cwd }) => {
  await Deno.writeTextFile(`${cwd}/a`, "A");
  const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env", main, "cat", `file://${cwd}/a`],
  }).output();
  assert.equal(code, 1);
  assert.match(
    new TextDecoder().decode(stderr),
    /requires read access .* run again with the --allow-read flag\n$/,
  );
  for (const args of [["gateway", cwd, "--addr", "127.0.0.1:0"], ["sync", cwd, "memory:///"]]) {
    const refused = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-env", main, ...args],
    }).output();
    assert.match(new TextDecoder().decode(refused.stderr), /requires read access/, args[0]);
  }
});

cliTest("a full disk: the command fails and leaves nothing", async ({ cwd }) => {
  const disk = `${cwd}/disk`;
  await Deno.mkdir(disk);
  const mounted = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk],
    stderr: "null",
  })
    .output().catch(() => undefined);
  if (!mounted?.success) return console.log("SKIPPED: tmpfs not mountable");
  try {
    await Deno.writeFile(`${cwd}/big`, new Uint8Array(1_000_000));
    for (const args of [["cp", "big", "disk/big"], ["cp", "-r", "big", "disk/"], ["put", "-", "disk/in"]]) {
      const { code, err } = await run(args, { cwd, input: "x".repeat(1_000_000) });
      assert.equal(code, 1, args.join(" "));
      assert.match(err, /the disk is full/);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(disk)), []);
    }
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});
