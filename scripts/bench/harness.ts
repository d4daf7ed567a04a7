/**
 * Side-by-side measurement. Contestants of a race are run in interleaved rounds (a fresh order each round), so that
 * what the machine does meanwhile falls on all alike; medians are compared, and the ratio is what counts.
 *
 * Runs wherever there is `node:process`.
 */
import process from "node:process";

/** One way of doing the job of a race. */
export interface Contestant {
  readonly name: string;
  /** Does the job once, and says what that took. */
  readonly measure: () => Promise<Sample>;
}

/** What a job took. */
export interface Sample {
  /** In milliseconds. */
  readonly wall: number;
  /** Of all threads, in microseconds; absent where others' work would be in it. It is told beside the rates. */
  readonly cpu?: number;
}

/** A contestant that does its job in this process, which does nothing else meanwhile. */
export function here(name: string, job: () => Promise<unknown>): Contestant {
  return { name, measure: () => measured(job) };
}

/** Does a job and says what that took this process. */
export async function measured(job: () => Promise<unknown>): Promise<Required<Sample>> {
  const before = process.cpuUsage();
  const started = performance.now();
  await job();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: user + system };
}

/** A job done by several contestants. */
export interface Race {
  readonly name: string;
  /** What one run amounts to, for the rate column: so many `unit`s. */
  readonly amount: number;
  readonly unit: string;
  /** The first is what the others are compared with. */
  readonly contestants: readonly Contestant[];
  /** Ratios to reach, by contestant: rate over that of another. Told, never enforced. */
  readonly targets?: Readonly<Record<string, Target | readonly Target[]>>;
  readonly rounds?: number;
  /** Rounds that do not count. */
  readonly warmUps?: number;
}

/** A ratio to reach. */
export interface Target {
  readonly over: string;
  readonly atLeast: number;
}

/** What a race came to. */
export interface RaceResult {
  readonly race: string;
  readonly rates: Readonly<Record<string, number>>;
  readonly missed: readonly string[];
}

/**
 * Runs a race and prints a table: median rate, spread, the ratio to the first contestant, CPU time. Below it stand the
 * goals: the ratio of the rates, the goal, and a verdict. On a busy machine a fast client waits for the server as long
 * as a slow one does; the ratio of the CPU time does not know of that.
 */
export async function race(
  { name, amount, unit, contestants, targets = {}, rounds = 9, warmUps = 1 }: Race,
): Promise<RaceResult> {
  const samples = new Map<string, Sample[]>(contestants.map((contestant) => [contestant.name, []]));
  for (let i = 0; i < warmUps; i++) {
    for (const { measure } of contestants) await measure(); // JIT, connections
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, measure } of shuffled(contestants)) samples.get(name)!.push(await measure());
  }
  const walls = (contestant: string) => samples.get(contestant)!.map(({ wall }) => wall);
  const cpu = (contestant: string) => median(samples.get(contestant)!.map(({ cpu = NaN }) => cpu));
  const rates: Record<string, number> = {};
  for (const { name: contestant } of contestants) {
    rates[contestant] = amount / (median(walls(contestant)) / 1000);
  }
  const baseline = rates[contestants[0]!.name]!;
  console.log(`\n${name}`);
  for (const { name: contestant } of contestants) {
    const list = walls(contestant);
    const spread = (quantile(list, 0.75) - quantile(list, 0.25)) / median(list) / 2;
    const used = cpu(contestant);
    const told = isNaN(used) ? "" : `  ${format(used / amount).padStart(7)} µs CPU/${unit}`;
    console.log(
      `  ${contestant.padEnd(38)} ${format(rates[contestant]!).padStart(10)} ${unit}/s  ±${
        (spread * 100).toFixed(0).padStart(2)
      } %  ${(rates[contestant]! / baseline).toFixed(2).padStart(6)} ×${told}`,
    );
  }
  const missed: string[] = [];
  const wanted = Object.entries(targets).flatMap(([contestant, goals]) =>
    [goals].flat().map((goal: Target) => ({ contestant, ...goal }))
  );
  for (const { contestant, over, atLeast } of wanted) {
    const ratio = rates[contestant]! / rates[over]!;
    const verdict = judge(walls(contestant), walls(over), ratio, atLeast);
    const byCpu = cpu(over) / cpu(contestant);
    const beside = isNaN(byCpu) ? "" : ` (CPU ${byCpu.toFixed(2)})`;
    console.log(
      `  ${`${contestant} / ${over}`.padEnd(64)} ${ratio.toFixed(2).padStart(6)}${beside}  goal ${
        `${atLeast}`.padEnd(4)
      } ${verdict}`,
    );
    if (ratio < atLeast) {
      missed.push(`${name}: ${contestant} / ${over} = ${ratio.toFixed(2)}${beside} < ${atLeast}`);
    }
  }
  return { race: name, rates, missed };
}

/**
 * Whether a ratio reaches its goal, and whether the rounds agree on that: within one round both had the same machine,
 * so the ratios of the rounds tell how sure the ratio of the medians is.
 */
function judge(contestant: readonly number[], over: readonly number[], ratio: number, goal: number): string {
  const ratios = over.map((time, round) => time / contestant[round]!);
  // The standard error of a median of about normal samples.
  const error = 1.25 * (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / 1.35 / Math.sqrt(ratios.length);
  const verdict = ratio >= goal ? "reached" : "MISSED";
  return Math.abs(ratio - goal) < 2 * error ? `${verdict}, within the noise` : verdict;
}

/** Runs `total` jobs, `width` at a time. */
export async function inParallel(
  total: number,
  width: number,
  job: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < total) await job(next++);
  }));
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

function shuffled<T>(values: readonly T[]): T[] {
  const copy = [...values];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

function format(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString("en") : rate.toPrecision(3);
}

/** Resident memory of this process in MiB. */
export function residentMiB(): number {
  return process.memoryUsage().rss / 2 ** 20;
}
