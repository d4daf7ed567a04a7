// A command in JavaScript: `guest COMMAND ...` with the engine's own `fetch`. One fact a line.
import { commandOf } from "../js_command.js";

const USAGE = `get URL              status, headers and text
post URL TEXT        post a text, print the answer
stream URL           read a body piece by piece; bytes and whether it is the test pattern
download URL         read a body and discard it; bytes and MiB/s
upload URL BYTES     post a stream of the test pattern
echo URL BYTES       the same, and compare the answer
many URL N           N requests at once
small URL N          N requests one after the other; microseconds each
error URL            the error of a request that fails
abort URL MS         abort a request after that time
timers MS            setTimeout and Date`;

const commands = {
  async get(url) {
    const response = await fetch(url);
    console.log(`status ${response.status}`);
    for (const [name, value] of response.headers) console.log(`header ${name}: ${value}`);
    console.log(`text ${await response.text()}`);
  },

  async post(url, text) {
    const response = await fetch(url, {
      method: "POST",
      body: text,
      headers: { "content-type": "text/plain" },
    });
    console.log(`status ${response.status}`);
    console.log(`text ${await response.text()}`);
  },

  async stream(url) {
    const response = await fetch(url);
    const { bytes, right } = await readPattern(response.body);
    console.log(`bytes ${bytes}`);
    console.log(`pattern ${right ? "right" : "other"}`);
  },

  async download(url) {
    const start = Date.now();
    const reader = (await fetch(url)).body.getReader();
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
    }
    console.log(`bytes ${bytes}`);
    console.log(`MiB/s ${bytes / 2 ** 20 / Math.max(1, Date.now() - start) * 1000}`);
  },

  async upload(url, size) {
    const response = await fetch(url, { method: "POST", body: patternStream(Number(size)), duplex: "half" });
    console.log(`status ${response.status}`);
    console.log(`text ${await response.text()}`);
  },

  async echo(url, size) {
    const response = await fetch(url, { method: "POST", body: patternStream(Number(size)), duplex: "half" });
    const { bytes, right } = await readPattern(response.body);
    if (!right || bytes !== Number(size)) throw new Error(`The echo differs: ${bytes} of ${size} bytes`);
    console.log(`bytes ${bytes}`);
  },

  async many(url, count) {
    const urls = Array.from({ length: Number(count) }, () => url);
    const statuses = await Promise.all(urls.map(async (url) => (await fetch(url)).status));
    console.log(`responses ${statuses.filter((status) => status === 200).length}`);
  },

  async small(url, count) {
    const start = Date.now();
    for (let at = 0; at < Number(count); at++) await (await fetch(url)).arrayBuffer();
    console.log(`us each ${(Date.now() - start) * 1000 / Number(count)}`);
  },

  async error(url) {
    try {
      const response = await fetch(url);
      console.log(`status ${response.status}`);
      console.log(`bytes ${(await response.arrayBuffer()).byteLength}`);
    } catch (error) {
      console.log(`error ${error.name}: ${error.message}`);
    }
  },

  async abort(url, ms) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), Number(ms));
    try {
      console.log(`status ${(await fetch(url, { signal: controller.signal })).status}`);
    } catch (error) {
      console.log(`error ${error.name}`);
    }
  },

  async timers(ms) {
    const start = Date.now();
    await new Promise((resolve) => setTimeout(resolve, Number(ms)));
    if (Date.now() - start < Number(ms) - 1) throw new Error("The timer fired early");
    console.log("slept");
  },
};

/** Byte i of the pattern is i % 251. */
const BLOCK = Uint8Array.from({ length: 251 * 64 }, (_, at) => at % 251);

function patternStream(size) {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= size) return controller.close();
      const piece = BLOCK.slice(0, Math.min(BLOCK.length, size - sent));
      sent += piece.length;
      controller.enqueue(piece);
    },
  });
}

async function readPattern(body) {
  const reader = body.getReader();
  let bytes = 0, right = true;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes, right };
    for (let at = 0; at < value.length; at++) right = right && value[at] === (bytes + at) % 251;
    bytes += value.length;
  }
}

export const run = commandOf(commands, USAGE);
