import type { PullRequestStrategy, PushStrategy } from '../../api/pipeline.ts';
import { parseTemplate } from '../../lib/text/index.ts';
import type { FieldProblem } from './problem.ts';

/** The variables of a template, each one a text in one line; empty if it is not known. */
const ONE_LINE = [
  'namespace',
  'pipeline',
  'environment',
  'revision',
  'from',
  'kind',
  'application',
  'source',
  'deployedAt',
  'approvedBy',
] as const;

/** The names that each field of `templates` may use; `summary`, `changes`, `gates` and `rollback` are Markdown. */
export const TEMPLATE_NAMES = {
  title: ONE_LINE,
  commit: ONE_LINE,
  body: [...ONE_LINE, 'summary', 'changes', 'gates', 'compare', 'rollback'],
} as const;

type Templates = NonNullable<PullRequestStrategy['templates']> | NonNullable<PushStrategy['templates']>;

export function templateProblems(templates: Templates | undefined, field: string): FieldProblem[] {
  return Object.entries(templates ?? {}).flatMap(([name, text]): FieldProblem[] => {
    if (text === undefined) return [];
    const names = TEMPLATE_NAMES[name as keyof typeof TEMPLATE_NAMES];
    const parsed = parseTemplate(text, names);
    const message = 'problem' in parsed ? parsed.problem : lineProblem(name, text);
    return message === undefined ? [] : [{ rule: 'template', field: `${field}.${name}`, message }];
  });
}

function lineProblem(name: string, text: string): string | undefined {
  if (name !== 'title' || !/[\r\n]/.test(text.trim())) return undefined;
  return 'A title is one line: remove the line breaks.';
}
