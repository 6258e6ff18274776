import { plainMarkdown, withoutCommands } from '../text/index.ts';
import { held } from './merge.ts';
import type { Forge } from './port.ts';

/**
 * A forge to which all texts come guarded: comments are sentences, even where they quote others, and bodies are
 * Markdown that was made for pull requests. An operation that needs no request sends none.
 */
export function guarded(forge: Forge): Forge {
  return {
    ...forge,
    create: (input) => forge.create({ ...input, body: withoutCommands(input.body) }),
    update: (number, change) => forge.update(number, { ...change, body: withoutCommands(change.body) }),
    comment: (pull, text) => forge.comment(pull, plainMarkdown(text)),
    close: async (pull, reason) =>
      pull.state === 'open' ? forge.close(pull, plainMarkdown(reason)) : undefined,
    merge: async (pull, commit, options) => held(pull, options) ?? forge.merge(pull, commit, options),
  };
}
