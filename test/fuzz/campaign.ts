import { heapStats } from 'bun:jsc';
import { fuzzOptions } from './options.ts';
import { createRandom, type Random } from './random.ts';

export interface Campaign<Input> {
  readonly name: string;
  /** Mutants in a quick test. */
  readonly quick: number;
  /** The same for the same chance. */
  readonly mutant: (random: Random) => Input;
  /** What became of it, in a word. Throws when that must not be. */
  readonly check: (input: Input) => string | Promise<string>;
  /** The input for a message. */
  readonly show: (input: Input) => string;
  /** Smaller inputs that may have the same fault, the smallest first. */
  readonly shrink?: (input: Input) => Iterable<Input>;
}

export interface Result {
  /** Mutants by what became of them. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly faults: readonly string[];
  /** Time of the processor for the slowest one: others may use the machine too. */
  readonly slowestMs: number;
  /** From a tenth of the run to its end, in MiB. */
  readonly heapGrowth: number;
  /** The same; 0 for a short run, whose process other tests have left in disorder. */
  readonly rssGrowth: number;
}

/** What a test takes at most, for each mutant and beside them; generous, for others use the machine too. */
export function timeoutOf(quick: number): number {
  return 60_000 + (fuzzOptions().count ?? quick) * 40;
}

const MAX_FAULTS = 20;
const MIB = 1024 ** 2;

/** Runs all mutants, goes on after a fault, and prints what it saw in a line. */
export async function runCampaign<Input>(campaign: Campaign<Input>): Promise<Result> {
  const { seed, first, count = campaign.quick } = fuzzOptions();
  const outcomes = new Map<string, number>();
  const faults = new Map<string, string>();
  let slowest = { ms: 0, number: first };
  let early = memory();
  const started = performance.now();
  for (let done = 0; done < count && faults.size < MAX_FAULTS; done += 1) {
    const number = first + done;
    const input = campaign.mutant(createRandom(`${seed} ${campaign.name} ${number}`));
    const before = process.cpuUsage();
    const outcome = await outcomeOf(campaign, input);
    const ms = process.cpuUsage(before).user / 1000;
    if (ms > slowest.ms) slowest = { ms, number };
    outcomes.set(outcome.word, (outcomes.get(outcome.word) ?? 0) + 1);
    if (outcome.fault !== undefined && !faults.has(kindOf(outcome.fault))) {
      const at = `FUZZ_SEED=${seed} FUZZ_FIRST=${number} FUZZ_COUNT=1`;
      faults.set(kindOf(outcome.fault), await describeFault(campaign, input, `${at}: ${outcome.fault}`));
    }
    if (done === Math.floor(count / 10)) early = memory();
  }
  const late = memory();
  const seconds = (performance.now() - started) / 1000;
  console.log(
    [
      `${campaign.name}: ${count} mutants from seed ${seed} in ${seconds.toFixed(1)} s`,
      `the slowest, number ${slowest.number}, ${slowest.ms.toFixed(0)} ms`,
      `heap ${early.heap.toFixed(1)} to ${late.heap.toFixed(1)} MiB`,
      `resident ${early.rss.toFixed(0)} to ${late.rss.toFixed(0)} MiB`,
      [...outcomes].map(([word, times]) => `${word} ${times}`).join(', '),
    ].join('; '),
  );
  return {
    outcomes,
    faults: [...faults.values()],
    slowestMs: slowest.ms,
    heapGrowth: late.heap - early.heap,
    rssGrowth: count > campaign.quick ? late.rss - early.rss : 0,
  };
}

interface Outcome {
  readonly word: string;
  readonly fault?: string;
}

async function outcomeOf<Input>({ check }: Campaign<Input>, input: Input): Promise<Outcome> {
  try {
    return { word: await check(input) };
  } catch (error) {
    return {
      word: 'FAULT',
      fault: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
}

/** Faults that differ in numbers and quoted texts only are one. */
function kindOf(fault: string): string {
  return fault.replaceAll(/"[^"]*"|\d+/g, '').slice(0, 120);
}

async function describeFault<Input>(campaign: Campaign<Input>, input: Input, fault: string): Promise<string> {
  const smallest = await shrunk(campaign, input);
  return `${fault.slice(0, 600)}\n    with ${campaign.show(smallest).slice(0, 2000)}`;
}

const MAX_TRIES = 3000;
const MAX_SECONDS = 5;

/** The smallest input found that still has a fault of the same kind. */
async function shrunk<Input>(campaign: Campaign<Input>, input: Input): Promise<Input> {
  const wanted = kindOf((await outcomeOf(campaign, input)).fault ?? '');
  const deadline = performance.now() + MAX_SECONDS * 1000;
  let [best, tries, better] = [input, 0, true];
  while (better) {
    better = false;
    for (const smaller of campaign.shrink?.(best) ?? []) {
      tries += 1;
      if (tries > MAX_TRIES || performance.now() > deadline) return best;
      const { fault } = await outcomeOf(campaign, smaller);
      if (fault === undefined || kindOf(fault) !== wanted) continue;
      [best, better] = [smaller, true];
      break;
    }
  }
  return best;
}

/** Leaves out parts of a text: large ones first. */
export function* shorterTexts(text: string): Generator<string> {
  for (let size = text.length >> 1; size >= 1; size >>= 1) {
    for (let start = 0; start + size <= text.length; start += size) {
      yield text.slice(0, start) + text.slice(start + size);
    }
  }
}

function memory(): { heap: number; rss: number } {
  Bun.gc(true);
  return { heap: heapStats().heapSize / MIB, rss: process.memoryUsage.rss() / MIB };
}
