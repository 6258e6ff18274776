import { compare, satisfies } from 'semver';
import type { Gates } from '../../../src/api/pipeline.ts';
import type { Act } from '../plant/box.ts';
import { headOf, pullAt, repositoryOf } from '../world/forge.ts';
import { type Facts, wholeOf } from './facts.ts';

/** The rules that no act may break, checked from outside: by Turnpike's acts on the world. */

/** The subject of an act. */
interface Matter {
  readonly act: Act;
  readonly environment: string;
  readonly previous: string;
  /** The revision that the environment would get by it. */
  readonly revision: string;
  readonly gates: Gates;
  readonly manual: boolean;
}

type Rule = (matter: Matter) => string | undefined;

/** The acts that bring a revision nearer to an environment by themselves. */
const BRINGS = ['create', 'update', 'merge', 'schedule', 'direct', 'notify'];
/** The first step of it, and the last. */
const BEGINS = ['create', 'direct', 'notify'];
const ENDS = ['merge', 'direct'];

const RULES: readonly (readonly [name: string, kinds: readonly string[], rule: Rule])[] = [
  ['never an older one over a newer one', BRINGS, older],
  ['never again what a person rejected', BRINGS, rejected],
  ['a rollback sticks', BRINGS, left],
  ['never two open pull requests', ['create'], second],
  ['no approval used twice or for another revision', BEGINS, unapproved],
  ['nothing goes on that the previous environment does not run', ['create', 'direct', 'notify'], absent],
  ['nothing is merged that the previous environment does not run', ENDS, absent],
  ['a closed gate keeps everything from being opened', BEGINS, gated],
  ['nothing is merged at a closed gate', ['merge', 'schedule'], gated],
  ['a notification is raised once', ['notify'], repeated],
];

/** The faults of an act, a line each. */
export function wrongs(act: Act): string[] {
  const found = [foreign(act), dropped(act)].filter((one) => one !== undefined);
  const matter = matterOf(act);
  if (!matter) return found;
  for (const [name, kinds, rule] of RULES) {
    const problem = kinds.includes(act.kind) ? rule(matter) : undefined;
    if (problem !== undefined) found.push(`${name}: ${problem}`);
  }
  return found;
}

function matterOf(act: Act): Matter | undefined {
  const about = subjectOf(act);
  const index = act.spec.environments.findIndex(({ name }) => name === about?.environment);
  const environment = act.spec.environments[index];
  const previous = act.spec.environments[index - 1];
  if (!about || !environment || !previous) return undefined;
  const promotion = environment.promotion ?? act.spec.promotion;
  return {
    act,
    environment: environment.name,
    previous: previous.name,
    revision: about.revision,
    gates: promotion?.gates ?? {},
    manual: promotion?.manual === true,
  };
}

function subjectOf(act: Act): { environment: string; revision: string } | undefined {
  if ('revision' in act) return act;
  if (!('number' in act)) return undefined;
  const pull = pullAt(act.before, act.url, act.number);
  const branch = pull && headOf(repositoryOf(act.before, act.url), pull);
  return branch?.brings === undefined
    ? undefined
    : { environment: branch.environment, revision: branch.brings };
}

export function isOlderThan(one: string, other: string): boolean {
  const isVersion = /^\d+\.\d+\.\d+$/;
  return isVersion.test(one) && isVersion.test(other) && compare(one, other) < 0;
}

function older({ act, environment, revision }: Matter): string | undefined {
  const runs = (act.known.reported[environment] ?? []).flatMap((one) => one?.revision ?? []);
  const newer = runs.find((one) => isOlderThan(revision, one));
  return newer === undefined ? undefined : `${revision} would come over ${newer} in ${environment}.`;
}

function rejected({ act, environment, revision }: Matter): string | undefined {
  if (!act.known.no[environment]?.includes(revision)) return undefined;
  return `${revision} was rejected for ${environment}.`;
}

export function hasLeft({ ran }: Facts, environment: string, revision: string): boolean {
  const all = ran[environment] ?? [];
  return all.includes(revision) && all.at(-1) !== revision;
}

function left({ act, environment, revision }: Matter): string | undefined {
  if (!hasLeft(act.known, environment, revision)) return undefined;
  return `${environment} ran ${revision} and moved on from it.`;
}

function second({ act, environment }: Matter): string | undefined {
  if (act.kind !== 'create') return undefined;
  const open = repositoryOf(act.before, act.url).pulls.find(
    (pull) => pull.state === 'open' && pull.by === 'turnpike' && pull.environment === environment,
  );
  return open && `#${open.number} of ${environment} is open already.`;
}

function unapproved({ act, environment, revision, manual }: Matter): string | undefined {
  if (!manual) return undefined;
  const approved = act.known.approved[environment];
  if (approved?.revision === revision && !approved.used) return undefined;
  const why = approved?.revision === revision ? 'its approval has served before' : 'nobody approved it';
  return `${revision} goes to ${environment}, and ${why}.`;
}

/** Gates that let a revision pass that is not, or no longer, what the whole environment runs. */
function mayBeApart({ gates, revision, act, previous }: Matter): boolean {
  if (gates.targets === 'any') {
    return (act.known.reported[previous] ?? []).some((one) => one?.ready && one.revision === revision);
  }
  return gates.soak !== undefined && (act.known.soaked[previous] ?? []).includes(revision);
}

function absent(matter: Matter): string | undefined {
  const { act, previous, revision } = matter;
  const runs = wholeOf(act.known, previous);
  if (runs === revision || mayBeApart(matter)) return undefined;
  return `${revision} goes on while ${previous} runs ${runs ?? 'no one revision'}.`;
}

function gated({ act, gates, environment, previous, revision }: Matter): string | undefined {
  const { spec, before, known } = act;
  if (spec.suspend) return `${revision} goes to ${environment} while the Pipeline is suspended.`;
  if (!isInVersions(gates, revision)) return `${revision} is not in ${gates.versions}.`;
  if (gates.windows !== undefined && !isOpenAt(gates, before.now))
    return `${revision} goes to ${environment} outside its window.`;
  if (gates.soak === undefined || hasSoaked(known, { previous, revision, now: before.now })) return undefined;
  return `${revision} goes to ${environment} before it has soaked.`;
}

interface Soaking {
  readonly previous: string;
  readonly revision: string;
  readonly now: number;
}

/** True when the revision was, or is, healthy there for as long as the gate asks for. */
export function hasSoaked(
  { rules, ran, healthySince, soaked }: Facts,
  { previous, revision, now }: Soaking,
): boolean {
  const since = healthySince[previous];
  if (rules.soakMs === undefined || soaked[previous]?.includes(revision)) return true;
  return ran[previous]?.at(-1) === revision && since !== undefined && now - since >= rules.soakMs;
}

export function isInVersions({ versions }: Gates, revision: string): boolean {
  return versions === undefined || satisfies(revision, versions);
}

/** The model's windows are daily, in UTC and within one day. */
export function isOpenAt({ windows = [] }: Gates, now: number): boolean {
  const time = new Date(now).toISOString().slice(11, 16);
  return (
    windows.length === 0 || windows.some(({ from = '00:00', to = '24:00' }) => from <= time && time < to)
  );
}

function repeated({ act, environment, revision }: Matter): string | undefined {
  return act.known.notified[environment] ? `${revision} was raised for ${environment} before.` : undefined;
}

const TOUCHES = ['update', 'note', 'merge', 'schedule', 'cancel', 'close', 'comment'];

function foreign(act: Act): string | undefined {
  if (!TOUCHES.includes(act.kind) || !('number' in act)) return undefined;
  const pull = pullAt(act.before, act.url, act.number);
  if (pull?.by === 'turnpike') return undefined;
  return `no pull request of others is touched: ${act.kind} of ${act.url} #${act.number}.`;
}

/** A push that keeps nothing of what people committed. */
function dropped(act: Act): string | undefined {
  if (act.kind !== 'push') return undefined;
  const before = repositoryOf(act.before, act.url).branches[act.branch];
  const lost = (before?.work ?? []).filter((one) => !act.keeps.includes(one));
  return lost.length > 0
    ? `a person's commit is never dropped: ${lost.join(', ')} on ${act.branch}.`
    : undefined;
}
