/**
 * Side-by-side measurement. Contestants of a race are run in interleaved rounds (a fresh order each round), so that what
 * the machine does meanwhile falls on all alike; medians are compared, and the ratio is what counts.
 */

/** One way of doing the job of a race. */
export interface Contestant {
  readonly name: string;
  /** Does the job once. */
  readonly run: () => Promise<unknown>;
}

/** A job done by several contestants. */
export interface Race {
  readonly name: string;
  /** What one run amounts to, for the rate column: so many `unit`s. */
  readonly amount: number;
  readonly unit: string;
  /** The first is what the others are compared with. */
  readonly contestants: readonly Contestant[];
  /** Ratios to reach, by contestant: median rate over the baseline's. Told, never enforced. */
  readonly targets?: Readonly<Record<string, Target | readonly Target[]>>;
  readonly rounds?: number;
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

/** Runs a race and prints a table: median rate, spread, and the ratio to the first contestant. */
export async function race(
  { name, amount, unit, contestants, targets = {}, rounds = 9 }: Race,
): Promise<RaceResult> {
  const times = new Map<string, number[]>(contestants.map((contestant) => [contestant.name, []]));
  for (const contestant of contestants) await contestant.run(); // warm-up: JIT, connections
  for (let round = 0; round < rounds; round++) {
    for (const contestant of shuffled(contestants)) {
      const started = performance.now();
      await contestant.run();
      times.get(contestant.name)!.push(performance.now() - started);
    }
  }
  const rates: Record<string, number> = {};
  for (const [contestant, list] of times) rates[contestant] = amount / (median(list) / 1000);
  const baseline = rates[contestants[0]!.name]!;
  console.log(`\n${name}`);
  for (const { name: contestant } of contestants) {
    const list = times.get(contestant)!;
    const spread = (quantile(list, 0.75) - quantile(list, 0.25)) / median(list) / 2;
    console.log(
      `  ${contestant.padEnd(38)} ${format(rates[contestant]!).padStart(10)} ${unit}/s  ±${
        (spread * 100).toFixed(0).padStart(2)
      } %  ${(rates[contestant]! / baseline).toFixed(2).padStart(6)} ×`,
    );
  }
  const missed: string[] = [];
  const wanted = Object.entries(targets).flatMap(([contestant, goals]) =>
    [goals].flat().map((goal: Target) => ({ contestant, ...goal }))
  );
  for (const { contestant, over, atLeast } of wanted) {
    const ratio = rates[contestant]! / rates[over]!;
    const reached = ratio >= atLeast;
    console.log(
      `  ${reached ? "reached" : "MISSED "} ${contestant} / ${over}: ${ratio.toFixed(2)} (target ${atLeast})`,
    );
    if (!reached) missed.push(`${name}: ${contestant} / ${over} = ${ratio.toFixed(2)} < ${atLeast}`);
  }
  return { race: name, rates, missed };
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
  return Deno.memoryUsage().rss / 2 ** 20;
}
