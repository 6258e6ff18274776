import { TurnpikeError } from '../../../src/lib/errors.ts';
import { behind, conflicting, held, mustNotWait, notYet, settled } from '../../../src/lib/forges/merge.ts';
import type { Forge, MergeOutcome, PullRequest, PullRequestChange } from '../../../src/lib/forges/port.ts';
import {
  closePull,
  headOf,
  mergePull,
  obstacleOf,
  openBetween,
  openPull,
  plainUrl,
  pullAt,
  repositoryOf,
  withPull,
  withRepository,
} from '../world/forge.ts';
import type { Pull } from '../world/repository.ts';
import { type Box, did } from './box.ts';
import { environmentOf } from './names.ts';

/** The world's forge as the program knows one. */
export function forgeAt(box: () => Box, url: string): Forge {
  const needed = (number: number): Pull => {
    const pull = pullAt(box().world, url, number);
    if (!pull) throw new TurnpikeError('ForgeNotFound', `There is no pull request ${number}.`);
    return pull;
  };
  const there = () => {
    if (repositoryOf(box().world, url).away)
      throw new TurnpikeError('ForgeUnavailable', 'The forge is away.');
    return box();
  };
  const shown = (number: number) => pullRequest(there(), url, needed(number));

  return {
    async create(input) {
      const before = there();
      const next = openPull(before.world, url, {
        ...input,
        environment: environmentOf(input.head),
        by: 'turnpike',
      });
      if (next === 'exists') return next;
      if (next === 'refused') throw new TurnpikeError('ForgeRefused', 'There is no such branch.');
      const { pulls, branches } = repositoryOf(next, url);
      const number = Math.max(...pulls.map((pull) => pull.number));
      const revision = branches[input.head]?.brings ?? '';
      did(before, { kind: 'create', url, environment: environmentOf(input.head), revision });
      before.world = next;
      return shown(number);
    },
    async find(head, base) {
      const pull = openBetween(repositoryOf(there().world, url), head, base);
      return pull && shown(pull.number);
    },
    async get(number) {
      return pullAt(there().world, url, number) && shown(number);
    },
    async update(number, change) {
      const now = there();
      const isUpdate = !isNote(needed(number), change);
      did(now, { kind: isUpdate ? 'update' : 'note', url, number });
      if (needed(number).state === 'open') {
        now.world = withPull(now.world, url, number, { ...change, ...(isUpdate && { reopened: undefined }) });
      }
      return shown(number);
    },
    setMetadata: async () => [],
    async comment({ number }, text) {
      did(there(), { kind: 'comment', url, number, text });
    },
    async close({ number }, text) {
      if (repositoryOf(there().world, url).refuses)
        throw new TurnpikeError('ForgeRefused', 'It may not be closed.');
      did(box(), { kind: 'close', url, number, text });
      box().world = closePull(box().world, url, number, 'turnpike');
    },
    async setStatus(commit, { state }) {
      did(there(), { kind: 'status', url, commit, state });
      const { statuses } = repositoryOf(box().world, url);
      box().world = withRepository(box().world, url, { statuses: { ...statuses, [commit]: state } });
    },
    async merge(pull, commit, options) {
      const now = there();
      return held(pull, options) ?? merge(now, url, shown(pull.number), { commit, ...options });
    },
    async cancelMerge({ number }) {
      did(there(), { kind: 'cancel', url, number });
      const { scheduled: _, ...pull } = needed(number);
      const { pulls } = repositoryOf(box().world, url);
      box().world = withRepository(box().world, url, {
        pulls: pulls.map((one) => (one.number === number ? pull : one)),
      });
    },
    compareUrl: (base, head) => `${url}/compare/${base}...${head}`,
  };
}

function merge(
  box: Box,
  url: string,
  pull: PullRequest,
  { commit, base, mayWait }: { readonly commit: string; readonly base: string; readonly mayWait: boolean },
): MergeOutcome {
  const over = settled(pull, commit, { base });
  if (over) return over;
  if (pull.mergeable) return pull.mergeable === 'behind' ? behind() : conflicting();
  const { number } = pull;
  if (repositoryOf(box.world, url).checking) {
    if (!mayWait) return mustNotWait({ name: 'The forge' } as Parameters<typeof mustNotWait>[0]);
    if (pullAt(box.world, url, number)?.scheduled) return { kind: 'scheduled' };
    did(box, { kind: 'schedule', url, number });
    box.world = withPull(box.world, url, number, { scheduled: true });
    return { kind: 'scheduled' };
  }
  did(box, { kind: 'merge', url, number });
  box.world = mergePull(box.world, url, number);
  return pullAt(box.world, url, number)?.state === 'merged'
    ? { kind: 'merged' }
    : notYet('It cannot be merged.');
}

function pullRequest({ world }: Box, url: string, pull: Pull): PullRequest {
  const repository = repositoryOf(world, url);
  const { number, state, title, body, base, head } = pull;
  const obstacle = state === 'open' ? obstacleOf(repository, pull) : undefined;
  const headCommit = headOf(repository, pull)?.commit;
  return {
    number,
    url: `${plainUrl(url)}/pulls/${number}`,
    state,
    title,
    body,
    base,
    head,
    draft: false,
    ...(obstacle && { mergeable: obstacle }),
    ...(headCommit !== undefined && { headCommit }),
    labels: [],
    assignees: [],
    reviewers: [],
  };
}

function isNote(pull: Pull, { title, base }: PullRequestChange): boolean {
  return title === pull.title && (base === undefined || base === pull.base);
}
