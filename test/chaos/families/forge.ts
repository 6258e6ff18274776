import { type Family, type Harm, oneByOne, type Stage } from '../family.ts';
import type { Action, Exchange } from '../proxy.ts';

const WAIT_SECONDS = 20;

const isApi = ({ path }: Exchange) => path.startsWith('/api/');
const isGit = (exchange: Exchange) => !isApi(exchange);
const isPush = ({ method, path }: Exchange) => method === 'POST' && path.endsWith('/git-receive-pack');
const isFetch = ({ method, path }: Exchange) => method === 'POST' && path.endsWith('/git-upload-pack');
const isCreate = ({ method, path }: Exchange) => method === 'POST' && path.endsWith('/pulls');
const isUpdate = ({ method, path }: Exchange) => method === 'PATCH' && path.includes('/pulls/');

type Matches = (exchange: Exchange) => boolean;

function inject({ world }: Stage, matches: Matches, effect: (exchange: Exchange) => Action) {
  return world.forge.faults.inject({ matches, effect }, { seconds: WAIT_SECONDS });
}

/** An answer in place of the forge's, to a request of its API or of Git. */
function status(code: number, headers: Record<string, string> = {}): Harm {
  return (stage) => {
    const body = JSON.stringify({ message: 'made up by the test' });
    const action: Action = { kind: 'answer', status: code, headers, body };
    return inject(stage, stage.random.chance(0.5) ? isApi : isGit, () => action);
  };
}

function befall(matches: Matches, action: Action): Harm {
  return (stage) => inject(stage, matches, () => action);
}

const silence: Harm = (stage) => {
  const action: Action = { kind: 'silence', ms: stage.scale.silenceSeconds * 1000 };
  return inject(stage, stage.random.chance(0.5) ? isApi : isGit, () => action);
};

/** `/owner/name/git-receive-pack` → `/repos/owner/name` */
function apiPath({ path }: Exchange): string {
  return `/repos${path.replace(/\.git(?=\/)/, '').replace('/git-receive-pack', '')}`;
}

/** The branch of a push, which its first line names. */
function branchOf({ body }: Exchange): string {
  return /refs\/heads\/([^\0]+)\0/.exec(body.toString('latin1'))?.[1] ?? '';
}

/** A file on a branch, between the replica's fetch and its push. */
function commitTo(stage: Stage, exchange: Exchange, branch: string) {
  const file = `others/${stage.random.below(1e9)}.txt`;
  const content = Buffer.from('Somebody wrote this.\n').toString('base64');
  const body = { branch, content, message: 'Write something else' };
  return stage.world.lab.gitea.api('POST', `${apiPath(exchange)}/contents/${file}`, body);
}

const baseMoved: Harm = (stage) =>
  inject(stage, isPush, (exchange) => ({
    kind: 'after',
    act: () => commitTo(stage, exchange, 'main'),
  }));

const foreignPush: Harm = (stage) => {
  return inject(stage, isPush, (exchange) => ({
    kind: 'after',
    async act() {
      const branch = branchOf(exchange);
      const made = { new_branch_name: branch, old_branch_name: 'main' };
      // The branch exists already when a pull request is being updated.
      await stage.world.lab.gitea.api('POST', `${apiPath(exchange)}/branches`, made).catch(() => undefined);
      await commitTo(stage, exchange, branch);
    },
  }));
};

export const forgeFamily: Family = {
  name: 'forge',
  ...oneByOne({
    401: status(401),
    403: status(403),
    404: status(404),
    405: status(405),
    409: status(409),
    422: status(422),
    429: status(429, { 'retry-after': '1' }),
    500: status(500),
    502: status(502),
    'answer to a push lost': befall(isPush, { kind: 'lose' }),
    'answer to a creation lost': befall(isCreate, { kind: 'lose' }),
    'answer to an update lost': befall(isUpdate, { kind: 'lose' }),
    'push cut in mid-pack': befall(isPush, { kind: 'cut-request' }),
    'fetch cut in mid-pack': befall(isFetch, { kind: 'cut-answer' }),
    silence,
    'base branch moved': baseMoved,
    'foreign push': foreignPush,
  }),
  reviews: ['merge', 'close', 'reopen', 'delete-branch'],
  abreast: 3,
  pullRequests: 1,
};
