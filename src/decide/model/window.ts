import type { Window } from '../../api/pipeline.ts';

export function isDeny({ type }: Window): boolean {
  return type === 'Deny';
}
