import type { State } from '../plant/box.ts';

/** Checks the approvals that people are asked for. */
export function approvalProblems(state: Pick<State, 'facts' | 'stored'>): string[] {
  const { environments } = state.facts.rules;
  return environments.flatMap((environment, index) => {
    const asks = state.stored.status.environments?.[environment]?.waitingApproval?.revision;
    const previous = environments[index - 1];
    if (!asks || previous === undefined) return [];
    return [...lost(state, environment, asks), ...early(state, { environment, previous, asks })];
  });
}

/** An approved revision that has not changed must not ask for approval again. */
function lost({ facts }: Pick<State, 'facts'>, environment: string, asks: string): string[] {
  const approved = facts.approved[environment];
  return approved?.holds && !approved.used && asks === approved.revision
    ? [`no approval is lost: ${asks} was approved for ${environment}, and it is asked for again.`]
    : [];
}

interface Asked {
  readonly environment: string;
  readonly previous: string;
  readonly asks: string;
}

function early({ facts, stored }: Pick<State, 'facts' | 'stored'>, { environment, previous, asks }: Asked) {
  const gates = stored.spec.ok ? stored.spec.value.promotion?.gates : undefined;
  if (gates?.targets === 'any' || facts.ran[previous]?.includes(asks)) return [];
  return [
    `only an environment as a whole starts a promotion: ${asks} is to be approved for ${environment}, and ${previous} never ran it.`,
  ];
}
