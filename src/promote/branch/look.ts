import {
  type Advertised,
  branchNotFound,
  fetchTip,
  parseAdvertisement,
  type Repository,
  refOf,
  type Transport,
} from '../../lib/git/index.ts';
import { editBase } from './edit/base.ts';
import type { BaseLook, BaseState } from './port.ts';

/** Looks at a repository as those do who may only read it. */

const MAX_VALUES = 5;

export async function hasBranch(transport: Transport, branch: string): Promise<boolean> {
  const { refs } = await readersView(transport, branch);
  return refs.has(refOf(branch));
}

/** A copy that has the tip already is not fetched. */
export async function inspectBase(
  repository: Repository,
  transport: Transport,
  look: BaseLook,
): Promise<BaseState> {
  const { baseBranch: branch } = look;
  const { refs, capabilities } = await readersView(transport, branch);
  repository.server.fetchCapabilities = capabilities;
  const tip = refs.get(refOf(branch));
  if (tip === undefined) throw branchNotFound(transport, branch);
  if (!repository.packs.has(tip)) await fetchTip(repository, transport, { branch, tip });
  const { changes, marked } = await editBase(repository, transport, look, tip);
  if (changes.length === 0) return { kind: 'in-base' };
  const values = new Set(changes.map(({ from }) => from));
  const kind = changes.length < marked ? 'partly' : 'differs';
  return { kind, values: [...values].slice(0, MAX_VALUES) };
}

async function readersView(transport: Transport, branch: string): Promise<Advertised> {
  const bytes = await transport.advertisement('git-upload-pack');
  return parseAdvertisement(bytes, new Set([refOf(branch)]), transport.remote);
}
