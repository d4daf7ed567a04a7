/** A bar on a terminal: bytes, rate, time left. */
import { formatDuration, formatSize } from "./format.ts";
import type { Runtime } from "./runtime.ts";

/** Told of what a transfer does. */
export interface Progress {
  /** More is to come: an object, of so many bytes where that is known. */
  expect(bytes: number | undefined): void;
  /** Bytes have passed. */
  add(bytes: number): void;
  /** The end; the bar disappears. */
  stop(): void;
}

/** No bar. */
export const SILENT: Progress = { expect() {}, add() {}, stop() {} };

/** A bar on standard error, if that is a terminal; else none. */
export async function createProgress(runtime: Runtime, wanted: boolean): Promise<Progress> {
  if (!wanted || !runtime.stderr.isTerminal) return SILENT;
  // Loaded only here: it reads the terminal when it is loaded.
  const { default: cliProgress } = await import("cli-progress");
  const started = performance.now();
  let total = 0;
  let done = 0;
  let objects = 0;
  // The size of standard input is not known.
  let open = false;
  const bar = new cliProgress.SingleBar({
    clearOnComplete: true,
    hideCursor: true,
    fps: 8,
    etaBuffer: 50,
    format: (_options: unknown, params: { readonly progress: number }) => {
      const seconds = (performance.now() - started) / 1000;
      const rate = seconds > 0 ? done / seconds : 0;
      const width = Math.max(8, Math.min(30, runtime.stderr.columns - 55));
      const filled = Math.round(width * Math.min(1, open ? 0 : params.progress));
      const left = open || rate === 0 ? "" : `, ${formatDuration((total - done) / rate)} left`;
      const of = open ? "" : ` of ${formatSize(total)}`;
      return `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${formatSize(done)}${of}, ` +
        `${formatSize(rate)}/s${left}`;
    },
  });
  return {
    expect(bytes) {
      if (bytes === undefined) open = true;
      else total += bytes;
      if (objects++ === 0) bar.start(total, 0);
      else bar.setTotal(total);
    },
    add(bytes) {
      done += bytes;
      bar.update(Math.min(done, total));
    },
    stop() {
      if (objects > 0) bar.stop();
    },
  };
}
