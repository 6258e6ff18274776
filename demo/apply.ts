import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import type { Lab } from '../test/lab/lab.ts';
import { NO_BREAK, type Printer, wrap } from './print.ts';

/** Writes objects to a file beside the lab, where a user who keeps the demo finds it. Returns its path. */
export async function writeManifest(lab: Lab, name: string, objects: readonly object[]): Promise<string> {
  const directory = join(lab.directory, 'demo');
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${name}.yaml`);
  await writeFile(path, objects.map((object) => stringify(object)).join('---\n'), { mode: 0o600 });
  return path;
}

/** Shows a command of kubectl; its paths are shown from the data directory on. */
export function showCommand(print: Printer, lab: Lab, args: readonly string[]): void {
  const shown = args.map((each) => (each.startsWith(lab.directory) ? relative(lab.directory, each) : each));
  print.say(`$ kubectl ${shown.join(' ')}`, 'bold');
}

/** `kubectl apply` of a file with these objects, shown with its result. */
export async function applyManifest(
  { lab, print }: { lab: Lab; print: Printer },
  name: string,
  objects: readonly object[],
): Promise<void> {
  const args = ['apply', '-f', await writeManifest(lab, name, objects)];
  showCommand(print, lab, args);
  print.more(wrap(describeApplied(await lab.kubectl(args))), 'dim');
}

/**
 * Counts the lines that `kubectl apply` printed: `created 5 objects: namespace, 3 secrets, service`. Its
 * lines read `<resource>[.<group>]/<name> created`.
 */
export function describeApplied(printed: string): string {
  const counts = new Map<string, number>();
  const verbs = new Set<string>();
  for (const [, resource = '', verb = ''] of printed.matchAll(/^([a-z]+)[^/\n]*\/\S+ (\w+)/gm)) {
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
    verbs.add(verb);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const done = [...verbs].join(', ');
  const parts = [...counts].map(([resource, count]) => counted(count, resource)).join(', ');
  return counts.size === 1 ? `${done} ${parts}` : `${done} ${counted(total, 'object')}: ${parts}`;
}

function counted(count: number, word: string): string {
  if (count === 1) return word;
  const plural = word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
  return `${count}${NO_BREAK}${plural}`;
}
