/** Noticing that a file has changed. */
import { stat } from "node:fs/promises";

/** Milliseconds between two looks. */
const PAUSE = 250;

/**
 * Calls `changed` when the file is another one than before, and has stopped growing. Returns what ends that. It looks
 * at the file now and then: events of file systems miss files that are replaced, and those on other machines.
 */
export function watchFile(url: URL, changed: () => void): () => void {
  let known: string | undefined;
  let seen: string | undefined;
  let over = false;
  let timer: ReturnType<typeof setTimeout>;
  const look = async (): Promise<void> => {
    const mark = await stat(url).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => undefined,
    );
    if (over) return;
    known ??= mark;
    // Twice the same: whoever writes it is done.
    if (mark !== undefined && mark !== known && mark === seen) {
      known = mark;
      changed();
    }
    seen = mark;
    timer = setTimeout(look, PAUSE);
  };
  void look();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
