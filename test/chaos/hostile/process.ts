import { readdirSync, readFileSync } from 'node:fs';

/**
 * Memory of a process and all below it, in MiB, as its cgroup would count it: the resident memory of each, but the
 * pages of files, which are those of one binary, once.
 */
export function treeMemory(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (pid > 0) parents.set(pid, parentOf(pid));
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === root || isBelow(parents.get(pid)));
  const all = [...parents.keys()].filter(isBelow).map(statusOf);
  const own = all.reduce((sum, { anonymous, shared }) => sum + anonymous + shared, 0);
  return (own + Math.max(0, ...all.map(({ file }) => file))) / 1024;
}

/** Milliseconds that the thread of the event loop has had a processor for. */
export function processorTime(pid: number): number {
  const fields = fieldsOf(`/proc/${pid}/task/${pid}/stat`);
  return (Number(fields[USER_TICKS] ?? 0) + Number(fields[SYSTEM_TICKS] ?? 0)) * TICK_MS;
}

/** Indexes of fields of proc_pid_stat(5), counted from the one after the name. */
const [PARENT, USER_TICKS, SYSTEM_TICKS] = [1, 11, 12] as const;
/** The length of a tick on every Linux. */
const TICK_MS = 10;

function parentOf(pid: number): number {
  return Number(fieldsOf(`/proc/${pid}/stat`)[PARENT]);
}

/** The name before them is in parentheses, and may hold some. */
function fieldsOf(path: string): string[] {
  const stat = read(path);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function statusOf(pid: number) {
  const status = read(`/proc/${pid}/status`);
  const kib = (field: string) => {
    const line = status.split('\n').find((one) => one.startsWith(`${field}:`));
    return Number(line?.split(/\s+/)[1] ?? 0);
  };
  return { anonymous: kib('RssAnon'), file: kib('RssFile'), shared: kib('RssShmem') };
}

/** Empty when the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
