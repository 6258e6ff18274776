import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Ticks of all processors since the machine started (proc_stat(5)), where the kernel reports them. */
interface Ticks {
  readonly busy: number;
  /** Ticks that the host gave to other machines while this one had work. */
  readonly stolen: number;
}

const STAT = '/proc/stat';

export interface Machine {
  /** The machine, and what the host withheld of it since the measuring began. */
  describe(): string;
}

/** Begins to measure: a virtual machine that is held back by its host gives smaller figures than it could. */
export function observeMachine(): Machine {
  const before = ticks();
  return {
    describe() {
      const name = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, shared with the load generator`;
      const after = ticks();
      if (!before || !after) return name;
      const stolen = after.stolen - before.stolen;
      const wanted = after.busy - before.busy + stolen;
      const share = wanted > 0 ? (100 * stolen) / wanted : 0;
      return `${name}; the host withheld ${share.toFixed(0)} % of the time that was wanted of them`;
    },
  };
}

function ticks(): Ticks | undefined {
  try {
    const [first = ''] = readFileSync(STAT, 'utf8').split('\n');
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = first
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return { busy: user + nice + system + irq + softirq, stolen };
  } catch {
    return undefined; // No Linux.
  }
}
