import type { PullRequestStrategy, PushStrategy } from '../../../api/pipeline.ts';
import type { FieldProblem } from '../problem.ts';

type Settings = Pick<PullRequestStrategy | PushStrategy, 'url' | 'certSecretRef' | 'proxySecretRef'>;

/** Separate Secrets that the URL beside them cannot use. `reaches`: Git alone, or the forge's API too. */
export function ownSecretProblems(
  { url, certSecretRef, proxySecretRef }: Settings,
  field: string,
  reaches: 'git' | 'forge',
): FieldProblem[] {
  if (!url.startsWith('ssh:')) return [];
  const problem = (name: string, why: string): FieldProblem => {
    const message = `${why}: remove it, or use an https URL.`;
    return { rule: 'reference-fits-url', field: `${field}.${name}`, scope: field, message };
  };
  return [
    ...(certSecretRef && reaches === 'git' ? [problem('certSecretRef', 'Git over SSH has no TLS')] : []),
    ...(proxySecretRef ? [problem('proxySecretRef', 'Git over SSH takes no proxy')] : []),
  ];
}
