import type { Gates, Pipeline, PromotionStatus, PullRequestRef } from '../../../src/api/pipeline.ts';
import type { State } from '../plant/box.ts';
import { headOf, type Pull, repositoryOf } from '../world/forge.ts';
import type { World } from '../world/world.ts';
import { hasLeft, isOlderThan, isOpenAt } from './acts.ts';
import { type Facts, wholeOf } from './facts.ts';

/** What must be true when everything has come to rest and nobody does anything. */

interface Scene {
  readonly world: World;
  readonly facts: Facts;
  readonly pipeline: Pipeline;
}

/** An environment that something leads into. */
interface Place extends Scene {
  readonly environment: string;
  readonly previous: string;
  readonly promotion: NonNullable<Pipeline['spec']['promotion']>;
  readonly record: PromotionStatus | undefined;
  readonly pulls: readonly Found[];
}

interface Found {
  readonly url: string;
  readonly pull: Pull;
  /** The revision that it brings. */
  readonly brings: string | undefined;
}

export function restProblems({ world, facts, stored }: State): string[] {
  const { metadata, spec, status } = stored;
  if (!spec.ok) return [];
  const pipeline = { metadata, spec: spec.value, status };
  const scene = { world, facts, pipeline };
  // Nothing is known of a forge that is away, and nothing can be done there.
  if (Object.values(world.repositories).some(({ away }) => away)) return [];
  const open = openPulls(world);
  const places = spec.value.environments.flatMap(({ name, promotion }, index) => {
    const previous = spec.value.environments[index - 1]?.name;
    const into = promotion ?? spec.value.promotion;
    if (previous === undefined || !into) return [];
    const record = status.environments?.[name]?.promotion;
    const pulls = open.filter(({ pull }) => pull.environment === name);
    return [{ ...scene, environment: name, previous, promotion: into, record, pulls }];
  });
  return [
    ...orphans(scene, open),
    ...places.flatMap((place) => [...untrue(place), ...stuck(place), ...twice(place)]),
  ];
}

function openPulls(world: World): Found[] {
  return Object.entries(world.repositories).flatMap(([url, repository]) =>
    repository.pulls.flatMap((pull) =>
      pull.state === 'open' && pull.by === 'turnpike'
        ? [{ url, pull, brings: headOf(repository, pull)?.brings }]
        : [],
    ),
  );
}

function twice({ pulls, environment }: Place): string[] {
  return pulls.length > 1
    ? [`never two open pull requests: ${environment} has ${pulls.map(shown).join(' and ')}.`]
    : [];
}

function shown({ url, pull }: Found): string {
  return `${url} #${pull.number}`;
}

const FOLLOWING = ['Pending', 'WaitingApproval', 'Promoting', 'PullRequestOpen', 'Failed'];

/** What people opened again is theirs to close. */
function orphans({ pipeline }: Scene, open: readonly Found[]): string[] {
  const { environments = {}, abandoned = [] } = pipeline.status;
  const followed: PullRequestRef[] = Object.values(environments).flatMap(({ promotion }) =>
    promotion?.pullRequest && FOLLOWING.includes(promotion.phase) ? [promotion.pullRequest] : [],
  );
  const named = [...followed, ...abandoned.map(({ pullRequest }) => pullRequest)];
  const left = open.filter((one) => !one.pull.reopened && !named.some((ref) => isThis(ref, one)));
  return left.map(
    (one) =>
      `no pull request is left open that no record follows: ${shown(one)}, which brings ${one.brings}.`,
  );
}

function isThis({ url, number }: PullRequestRef, { url: repository, pull }: Found): boolean {
  return number === pull.number && url.startsWith(`${repository}/`);
}

/** What the record says that it waits for is so. */
function untrue(place: Place): string[] {
  const { record, environment } = place;
  const why = record && whyUntrue(place, record);
  return why === undefined
    ? []
    : [`what a record says is true: ${environment} is ${record?.phase} at ${record?.revision}, and ${why}.`];
}

type Doubt = (place: Place, record: PromotionStatus) => string | undefined;

const UNTRUE: Readonly<Record<string, Doubt>> = {
  PullRequestOpen: ({ pulls }, { pullRequest }) =>
    pulls.some((one) => pullRequest && isThis(pullRequest, one)) ? undefined : 'its pull request is not open',
  Merged(place, record) {
    const { world, environment } = place;
    if (isThere(place, record)) return `${environment} runs it`;
    const ends = isInBase(world, record) || !hasBase(place) || isOvertakenInBase(place, record);
    return ends ? undefined : 'its base branch does not have it';
  },
  Promoting(place, record) {
    if (!place.promotion.strategy.notification) return 'nothing is under way';
    return isThere(place, record) ? `${place.environment} runs it` : undefined;
  },
  WaitingApproval(place, { revision }) {
    const { promotion, facts, previous } = place;
    if (!promotion.manual) return 'no approval is asked for';
    return wholeOf(facts, previous) === revision && isRefused(place, revision)
      ? 'it may not come'
      : undefined;
  },
  Pending: pendingFor,
};

function whyUntrue(place: Place, record: PromotionStatus): string | undefined {
  return UNTRUE[record.phase]?.(place, record);
}

function isThere({ facts, environment }: Place, { revision }: PromotionStatus): boolean {
  return wholeOf(facts, environment) === revision;
}

function isInBase(world: World, { revision }: PromotionStatus): boolean {
  const contents = Object.values(world.repositories).flatMap(({ bases }) => Object.values(bases));
  return contents.some((content) => Object.values(content).includes(revision));
}

/** Somebody merged a newer one after it: what ends the record is that Flux deploys that. */
function isOvertakenInBase({ world, environment }: Place, { revision }: PromotionStatus): boolean {
  const contents = Object.values(world.repositories).flatMap(({ bases }) => Object.values(bases));
  return contents.some((content) => isOlderThan(revision, content[environment] ?? ''));
}

/** What a base branch that is gone had is not known. */
function hasBase({ world, record, promotion }: Place): boolean {
  const settings = promotion.strategy['pull-request'];
  const url = record?.pullRequest?.repository?.url ?? settings?.url ?? '';
  const base = record?.pullRequest?.base ?? settings?.baseBranch ?? '';
  return base in repositoryOf(world, url).bases;
}

function pendingFor({ facts, previous, pipeline, promotion, world }: Place, record: PromotionStatus) {
  const { gates = {} } = promotion;
  switch (record.heldBy) {
    case 'Suspended':
      return pipeline.spec.suspend ? undefined : 'the Pipeline is not suspended';
    case 'Window':
      return isOpenAt(gates, world.now) ? 'its window is open' : undefined;
    case 'Soak':
      return facts.soaked[previous]?.includes(record.revision) ? 'it has soaked' : undefined;
    case 'PreviousEnvironment':
      return wholeOf(facts, previous) === record.revision ? `${previous} runs it` : undefined;
    case 'Versions':
      return undefined;
    default:
      return record.nextAttemptAt !== undefined || Object.values(world.repositories).some(({ away }) => away)
        ? undefined
        : 'it says of nothing that it waits for it';
  }
}

/** Losing every event costs time, never a promotion. */
function stuck(place: Place): string[] {
  const { facts, previous, environment } = place;
  const revision = wholeOf(facts, previous);
  if (revision === undefined || !mayCome(place, revision)) return [];
  if (isFollowed(place, revision)) return [];
  const { record } = place;
  const says = record ? `${record.revision} ${record.phase}: ${record.message ?? ''}` : 'nothing is recorded';
  return [
    `every revision gets on: ${previous} runs ${revision}, ${environment} does not, and nobody does anything (${says}).`,
  ];
}

/** Nothing speaks against the revision. */
function mayCome(place: Place, revision: string): boolean {
  return !isRefused(place, revision) && areOpen(place.promotion.gates ?? {}, place, revision);
}

/** It is there, older than what is there, rejected, or the environment went back from it. */
function isRefused({ facts, environment }: Place, revision: string): boolean {
  const told = (facts.told[environment] ?? []).flatMap((one) => one?.revision ?? []);
  if (told.length > 0 && told.every((one) => one === revision)) return true;
  if (told.some((one) => isOlderThan(revision, one))) return true;
  const refused = [...(facts.no[environment] ?? []), ...(facts.doubted[environment] ?? [])];
  return refused.includes(revision) || hasLeft(facts, environment, revision);
}

function areOpen(gates: Gates, scene: Scene & { readonly previous: string }, revision: string): boolean {
  const { facts, previous, pipeline, world } = scene;
  if (pipeline.spec.suspend || gates.versions !== undefined || !isOpenAt(gates, world.now)) return false;
  return gates.soak === undefined || (facts.soaked[previous]?.includes(revision) ?? false);
}

function isFollowed(place: Place, revision: string): boolean {
  const { record, promotion, world, facts, environment } = place;
  if (Object.values(world.repositories).some(({ away }) => away)) return true;
  if (record?.revision === revision) {
    if (record.failure?.retry === 'never') return hasCause(place);
    if (record.phase === 'WaitingApproval') return true;
    if (record.phase === 'Merged') {
      return isInBase(world, record) || !hasBase(place) || isOvertakenInBase(place, record);
    }
  }
  if (promotion.strategy.notification) return facts.notified[environment] === true;
  return isOnItsWay(place, revision);
}

/** A pull request brings it, or the base branch has it. */
function isOnItsWay(place: Place, revision: string): boolean {
  const { record, pulls, promotion, world, environment } = place;
  const { 'pull-request': settings, push } = promotion.strategy;
  const url = settings?.url ?? push?.url ?? '';
  const base = settings?.baseBranch ?? push?.branch ?? '';
  const merged = record?.phase === 'Merged' ? (record.pullRequest?.base ?? base) : base;
  if (repositoryOf(world, url).bases[merged]?.[environment] === revision) return true;
  return pulls.some((one) => one.url === url && one.pull.base === base && one.brings === revision);
}

/** A person has to mend something: the base branch is gone. */
function hasCause({ promotion, world }: Place): boolean {
  const settings = promotion.strategy['pull-request'];
  return settings !== undefined && !(settings.baseBranch in repositoryOf(world, settings.url).bases);
}
