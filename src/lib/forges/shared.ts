import { plainMarkdown, withoutCommands } from '../text/index.ts';
import { held, type Mergeable } from './merge.ts';
import type { Forge, MergeOutcome, PullRequest } from './port.ts';

/**
 * A forge's operations on one repository, each with what it needs of that put first. All texts pass here: comments are
 * sentences, whoever's words stand in them, and bodies are Markdown that was made for pull requests.
 */
export function forgeOf<Api>(api: Api, operations: Operations<Api>): Pick<Forge, OperationName> {
  const { create, find, get, update, decorate, comment, close, setStatus, merge, cancelMerge, compareUrl } =
    operations;
  return {
    create: (input) => create(api, { ...input, body: withoutCommands(input.body) }),
    find: (head, base) => find(api, head, base),
    get: (number) => get(api, number),
    update: (number, change) => update(api, number, { ...change, body: withoutCommands(change.body) }),
    decorate: (pull, wanted) => decorate(api, pull, wanted),
    comment: (pull, text) => comment(api, pull, plainMarkdown(text)),
    close: async (pull, reason) =>
      pull.state === 'open' ? close(api, pull, plainMarkdown(reason)) : undefined,
    setStatus: (commit, status) => setStatus(api, commit, status),
    async merge(pull, commit, options) {
      const { base, mayWait, method, scheduled } = options;
      const wanted = { base, mayWait, ...(method && { method }), ...(scheduled && { scheduled }) };
      return held(pull, options) ?? merge({ ...api, ...wanted }, pull, commit);
    },
    cancelMerge: (pull) => cancelMerge(api, pull),
    compareUrl: (base, head) => compareUrl(api, base, head),
  };
}

type OperationName =
  | 'create'
  | 'find'
  | 'get'
  | 'update'
  | 'decorate'
  | 'comment'
  | 'close'
  | 'setStatus'
  | 'merge'
  | 'cancelMerge'
  | 'compareUrl';

type Operations<Api> = {
  readonly [K in Exclude<OperationName, 'merge'>]: (
    api: Api,
    ...args: Parameters<Forge[K]>
  ) => ReturnType<Forge[K]>;
} & {
  readonly merge: (api: Mergeable<Api>, pull: PullRequest, commit: string) => Promise<MergeOutcome>;
};
