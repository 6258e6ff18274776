import { cut } from '../../lib/text/index.ts';

/**
 * Remarks in a promotion's message beside what it waits for. Each remark is added and removed independently, and is
 * recognised by its first words, also in a status that an earlier version wrote.
 */
export const REMARKS = {
  unreported: 'The commit status cannot be set:',
  uncancelled: 'The auto-merge cannot be taken back:',
  unmerged: 'It is not merged yet:',
  mergedLater: 'The forge merges it when its checks have passed.',
  conflict:
    'The forge does not find it mergeable: where it conflicts with its base branch, resolve that on its branch, where commits of others are.',
} as const;

export type Remark = keyof typeof REMARKS;

/** Replaces the remark in the message; `text` follows the words that the remark begins with. */
export function withRemark(message: string, remark: Remark, text = ''): string {
  const [before, after] = around(message, remark) ?? [message, ''];
  return joined([before, REMARKS[remark], text, after]);
}

/** The message without the remark. */
export function withoutRemark(message: string, remark: Remark): string {
  const parts = around(message, remark);
  return parts ? joined(parts) : message;
}

/** The text before and after the remark; undefined if the message does not have it. */
function around(message: string, remark: Remark): [string, string] | undefined {
  const start = message.indexOf(REMARKS[remark]);
  if (start < 0) return undefined;
  const others = Object.values(REMARKS).map((words) => message.indexOf(words, start + 1));
  const end = Math.min(...others.filter((at) => at > start), message.length);
  return [message.slice(0, start), message.slice(end)];
}

function joined(parts: readonly string[]): string {
  return cut(parts.flatMap((part) => part.trim() || []).join(' '));
}
