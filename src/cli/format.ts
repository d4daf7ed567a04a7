/** Numbers, times and ranges as people write them. */
import type { GetRange } from "../store/range.ts";
import { UsageError } from "./errors.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** A size for people: `999 B`, `1.5 KiB`, `23 MiB`. */
export function formatSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A duration for people: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 14 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/** An instant in the local time zone: `2024-05-01 13:04:09`. */
export function formatTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${
    two(date.getDate())
  } ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `1 object`, `2 objects`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * A range as HTTP writes it: `0-99` is the first hundred bytes, `100-` all from the 101st on, `-100` the last hundred.
 *
 * @throws {UsageError}
 */
export function parseRange(text: string): GetRange {
  const match = /^(\d*)-(\d*)$/.exec(text.trim());
  const [, first = "", last = ""] = match ?? [];
  const [a, b] = [Number(first), Number(last)];
  if (
    match === null || (first === "" && last === "") || !Number.isSafeInteger(a) || !Number.isSafeInteger(b)
  ) {
    throw new UsageError(`Cannot read the range "${text}": write it as 0-99, 100- or -100`);
  }
  if (first === "") return { suffix: b };
  if (last === "") return { offset: a };
  if (b < a) throw new UsageError(`Cannot read the range "${text}": it ends before it starts`);
  return { start: a, end: b + 1 };
}
