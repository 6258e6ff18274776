import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createColumns } from '../../../src/cli/columns.ts';
import { MUTATIONS, type Mutation } from './list.ts';
import type { Finding } from './mutant.ts';

const ROOT = join(import.meta.dir, '../../..');
/** The parts of the repository that the model needs. */
const PARTS = ['src', 'test/model', 'test/fuzz', 'package.json', 'tsconfig.json'];
const HEAD = ['fault', 'what was put back', 'found by', 'in', 'after happenings', 'states'];

/** Puts the faults back one by one, each in a copy of its own; 1 when one of them is not found. */
export async function runMutations(note: (sentence: string) => void): Promise<number> {
  const rows: string[][] = [];
  let missed = 0;
  for (const mutation of MUTATIONS) {
    const { letter, what } = mutation;
    const { problem, configuration, trace, states } = await lookAt(mutation);
    if (problem === undefined) missed += 1;
    const invariant = problem?.split(':')[0] ?? 'nothing';
    rows.push([letter, what, invariant, configuration ?? '', String(trace?.length ?? ''), String(states)]);
    note(`${letter}, ${what}: ${problem ?? 'nothing is found'}`);
    for (const [index, one] of (trace ?? []).entries()) note(`    ${index + 1}. ${one}`);
  }
  console.log(createColumns()([HEAD, ...rows]).join('\n'));
  return missed === 0 ? 0 : 1;
}

async function lookAt(mutation: Mutation): Promise<Partial<Finding> & Pick<Finding, 'states'>> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-model-'));
  try {
    for (const part of PARTS) await cp(join(ROOT, part), join(directory, part), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    await mutate(directory, mutation);
    const mutant = [
      process.execPath,
      join(directory, 'test/model/mutations/mutant.ts'),
      mutation.first ?? '',
    ];
    const child = Bun.spawn(mutant, { cwd: directory, stdout: 'pipe', stderr: 'inherit' });
    const said = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`${mutation.letter}: the model ended before its time.`);
    return JSON.parse(said);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function mutate(directory: string, { letter, changes }: Mutation): Promise<void> {
  for (const change of changes) {
    const text = await Bun.file(join(directory, change.file)).text();
    if (text.split(change.old).length !== 2) {
      throw new Error(
        `${letter}: ${change.file} has not exactly one "${change.old}": adapt test/model/mutations.`,
      );
    }
    await Bun.write(
      join(directory, change.file),
      text.replace(change.old, () => change.new),
    );
  }
}
