import type { Gates, Pipeline, PromotionStatus, PullRequestRef } from '../../../src/api/pipeline.ts';
import type { State } from '../plant/box.ts';
import { appAt } from '../world/clusters.ts';
import { headOf, plainUrl, repositoryOf } from '../world/forge.ts';
import type { Pull } from '../world/repository.ts';
import type { World } from '../world/world.ts';
import { hasSoaked, isInVersions, isOlderThan, isOpenAt } from './acts.ts';
import { type Facts, wholeOf } from './facts.ts';

/** The rules that hold when everything has come to rest and no person acts. */

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
  // A forge that is away shows nothing, and nothing can be done there.
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
    ...places.flatMap((place) => [...untrue(place), ...stuck(place), ...twice(place), ...misshown(place)]),
  ];
}

/** Pull requests that are never closed any more, as the Pipeline is gone. */
export function leftBehind({ world, stored }: Pick<State, 'world' | 'stored'>): string[] {
  const repositories = Object.values(world.repositories);
  if (repositories.some(({ away, refuses }) => away || refuses)) return [];
  const final = (stored.status.abandoned ?? []).filter((one) => one.final);
  const left = openPulls(world).filter(
    (one) => !one.pull.reopened && !final.some(({ pullRequest }) => isThis(pullRequest, one)),
  );
  return left.map((one) => `nothing is left open of a Pipeline that was deleted: ${shown(one)}.`);
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

function twice({ pulls, environment, pipeline }: Place): string[] {
  const final = (pipeline.status.abandoned ?? []).filter((one) => one.final);
  const own = pulls.filter((one) => !final.some(({ pullRequest }) => isThis(pullRequest, one)));
  return own.length > 1
    ? [`never two open pull requests: ${environment} has ${own.map(shown).join(' and ')}.`]
    : [];
}

function shown({ url, pull }: Found): string {
  return `${url} #${pull.number}`;
}

/** The commit status of an open pull request follows the gates. */
function misshown(place: Place): string[] {
  const { record, pulls, world, environment } = place;
  if (!record?.pullRequest || record.failure || !FOLLOWING.includes(record.phase)) return [];
  const { pullRequest } = record;
  return pulls.flatMap((one) => {
    const { url, pull, brings } = one;
    const commit = headOf(repositoryOf(world, url), pull)?.commit;
    if (!isThis(pullRequest, one) || brings === undefined || commit === undefined) return [];
    const wanted = isShownOpen(place, brings) ? 'success' : 'pending';
    const shows = repositoryOf(world, url).statuses[commit];
    // A commit without a status has not passed either.
    if (shows === wanted || (shows === undefined && wanted === 'pending')) return [];
    return [
      `the commit status follows the gates: ${environment} shows ${shows} for ${brings}, not ${wanted}.`,
    ];
  });
}

function isShownOpen(place: Place, revision: string): boolean {
  const { gates = {} } = place.promotion;
  return areOpen(gates, place, revision) && !isBehindTarget(place, revision);
}

/** A target of the environment runs something newer. */
function isBehindTarget({ facts, environment }: Place, revision: string): boolean {
  const reported = facts.reported[environment] ?? [];
  return reported.some((one) => one?.revision !== undefined && isOlderThan(revision, one.revision));
}

const FOLLOWING = ['Pending', 'WaitingApproval', 'Promoting', 'PullRequestOpen', 'Failed'];

/** Pull requests that people opened again are theirs to close. */
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

/** Reports a record that waits for something that is not so. */
function untrue(place: Place): string[] {
  const { record, environment } = place;
  const why = record && whyUntrue(place, record);
  return why === undefined
    ? []
    : [`what a record says is true: ${environment} is ${record?.phase} at ${record?.revision}, and ${why}.`];
}

type FaultOf = (place: Place, record: PromotionStatus) => string | undefined;

const UNTRUE: Readonly<Record<string, FaultOf>> = {
  PullRequestOpen: ({ pulls }, { pullRequest }) =>
    pulls.some((one) => pullRequest && isThis(pullRequest, one)) ? undefined : 'its pull request is not open',
  Merged(place, record) {
    const { world, environment } = place;
    if (isThere(place, record)) return `${environment} runs it`;
    const runs = wholeOf(place.facts, environment);
    if (runs && isOlderThan(record.revision, runs)) return `${environment} runs ${runs}`;
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

/** A newer revision was merged after it: the record ends when Flux deploys that. */
function isOvertakenInBase({ world, environment }: Place, { revision }: PromotionStatus): boolean {
  const contents = Object.values(world.repositories).flatMap(({ bases }) => Object.values(bases));
  return contents.some((content) => isOlderThan(revision, content[environment] ?? ''));
}

/** The content of a deleted base branch is not known. */
function hasBase({ world, record, promotion }: Place): boolean {
  const settings = promotion.strategy['pull-request'];
  const url = record?.pullRequest?.repository?.url ?? settings?.url ?? '';
  const base = record?.pullRequest?.base ?? settings?.baseBranch ?? '';
  return base in repositoryOf(world, url).bases;
}

const HELD: Readonly<Record<string, FaultOf>> = {
  Suspended: ({ pipeline }) => (pipeline.spec.suspend ? undefined : 'the Pipeline is not suspended'),
  Window: ({ promotion, world }) =>
    isOpenAt(promotion.gates ?? {}, world.now) ? 'its window is open' : undefined,
  Soak: ({ facts, previous }, { revision }) =>
    facts.soaked[previous]?.includes(revision) ? 'it has soaked' : undefined,
  PreviousEnvironment: (place, { revision }) =>
    wholeOf(place.facts, place.previous) === revision && !isLostOfSight(place)
      ? `${place.previous} runs it`
      : undefined,
  Versions: ({ promotion }, { revision }) =>
    isInVersions(promotion.gates ?? {}, revision) ? 'it may pass' : undefined,
  NewerTarget: (place, { revision }) =>
    isBehindTarget(place, revision) ? undefined : `no target of ${place.environment} is ahead`,
};

function pendingFor(place: Place, record: PromotionStatus): string | undefined {
  const held = record.heldBy && HELD[record.heldBy];
  if (held) return held(place, record);
  const isAway = Object.values(place.world.repositories).some(({ away }) => away);
  return record.nextAttemptAt !== undefined || isAway ? undefined : 'it says of nothing that it waits for it';
}

/** Losing every event costs time, never a promotion. */
function stuck(place: Place): string[] {
  const { facts, previous, environment } = place;
  const revision = wholeOf(facts, previous);
  if (revision === undefined || isLostOfSight(place) || !mayCome(place, revision)) return [];
  if (isFollowed(place, revision)) return [];
  const { record } = place;
  const says = record ? `${record.revision} ${record.phase}: ${record.message ?? ''}` : 'nothing is recorded';
  return [
    `every revision gets on: ${previous} runs ${revision}, ${environment} does not, and nobody does anything (${says}).`,
  ];
}

/** A target of the previous environment cannot be read, and its status says that it is not ready for that. */
function isLostOfSight({ world, pipeline, previous }: Place): boolean {
  const { targets = [] } = pipeline.status.environments?.[previous] ?? {};
  return targets.some((target, index) => !target.ready && appAt(world, previous, index)?.readable === false);
}

/** True when the revision is not refused and its gates are open. */
function mayCome(place: Place, revision: string): boolean {
  return !isRefused(place, revision) && isShownOpen(place, revision);
}

/** True when it is there, older than the one there, rejected, or the environment went back from it. */
function isRefused({ facts, environment }: Place, revision: string): boolean {
  const reported = (facts.reported[environment] ?? []).flatMap((one) => one?.revision ?? []);
  if (reported.length > 0 && reported.every((one) => one === revision)) return true;
  if (reported.some((one) => isOlderThan(revision, one))) return true;
  const refused = [...(facts.no[environment] ?? []), ...(facts.uncertain[environment] ?? [])];
  // A rollback of one of its targets sticks as well.
  return refused.includes(revision) || (facts.ran[environment] ?? []).includes(revision);
}

function areOpen(gates: Gates, scene: Scene & { readonly previous: string }, revision: string): boolean {
  const { facts, previous, pipeline, world } = scene;
  if (pipeline.spec.suspend || !isInVersions(gates, revision) || !isOpenAt(gates, world.now)) return false;
  return gates.soak === undefined || hasSoaked(facts, { previous, revision, now: world.now });
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
  const url = plainUrl(settings?.url ?? push?.url ?? '');
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
