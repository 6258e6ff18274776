import type { PullRequestRef } from '../../api/pipeline.ts';
import type { Care, CareResult } from '../../decide/care.ts';
import type { Forge, MergeOptions } from './forge.ts';

type Tended = Pick<Forge, 'get' | 'close' | 'setStatus' | 'merge'>;

/** Does for a pull request what was decided. What is not needed any more when it comes to it is done. */
export async function tend(
  forge: Tended,
  care: Care,
  pullRequest: PullRequestRef,
  meant: Pick<MergeOptions, 'base' | 'now'>,
): Promise<CareResult> {
  const { number, url, commit } = pullRequest;
  switch (care.kind) {
    case 'close': {
      const pull = await forge.get(number);
      if (pull?.url === url) await forge.close(pull, care.reason);
      return { kind: 'done' };
    }
    case 'check': {
      const { state, description } = care;
      if (commit !== undefined)
        await forge.setStatus(commit, { state, description, url, pullRequest: number });
      return { kind: 'done' };
    }
    case 'merge':
      return merge(forge, { ...meant, mayWait: care.mayWait }, pullRequest);
  }
}

async function merge(
  forge: Tended,
  options: MergeOptions,
  { number, url, commit }: PullRequestRef,
): Promise<CareResult> {
  const pull = await forge.get(number);
  if (pull?.url !== url || pull.state !== 'open') return { kind: 'done' };
  if (pull.draft) return { kind: 'waits', reason: 'It is a draft.' };
  if (commit === undefined) {
    return { kind: 'waits', reason: 'It is not known which commit was pushed for it: it is left to people.' };
  }
  const outcome = await forge.merge(pull, commit, options);
  switch (outcome.kind) {
    case 'merged':
      return { kind: 'done' };
    case 'scheduled':
      return { kind: 'waits', reason: 'The forge merges it when its checks have passed.' };
    case 'not-yet':
      return { kind: 'waits', reason: outcome.reason };
  }
}
