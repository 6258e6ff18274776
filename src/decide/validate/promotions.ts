import type { PipelineSpec, Promotion, PullRequestStrategy, Strategy } from '../../api/pipeline.ts';
import { type HostPolicy, repositoryHostProblem, shapeProblem, shownUrl } from '../hosts.ts';
import { promotionInto } from '../route.ts';
import { branchProblem, promotionBranch } from './branch.ts';
import { forgeFitProblem } from './forge.ts';
import { environmentField, type FieldProblem } from './problem.ts';

export interface PipelineNames {
  readonly namespace: string;
  readonly name: string;
}

export interface PlacedPromotion {
  readonly field: string;
  readonly promotion: Promotion;
}

/** Every promotion that is written in the spec, the Pipeline's own one first. */
export function promotionsOf(spec: PipelineSpec): PlacedPromotion[] {
  const own = spec.environments.map(({ promotion }, index) => {
    return { field: `${environmentField(index)}.promotion`, promotion };
  });
  return [{ field: 'spec.promotion', promotion: spec.promotion }, ...own].flatMap(({ field, promotion }) =>
    promotion ? [{ field, promotion }] : [],
  );
}

/** Exactly one strategy in each promotion, repository URLs and branches that can be used. */
export function promotionProblems(
  spec: PipelineSpec,
  policy: HostPolicy,
  names: PipelineNames,
): FieldProblem[] {
  const written = promotionsOf(spec).flatMap(({ field, promotion: { strategy } }) => [
    ...strategyProblems(strategy, `${field}.strategy`),
    ...pullRequestProblems(strategy['pull-request'], `${field}.strategy.pull-request`, policy),
  ]);
  return [...written, ...promotionBranchProblems(spec, names)];
}

function strategyProblems(strategy: Strategy, field: string): FieldProblem[] {
  const chosen = [strategy['pull-request'], strategy.notification].filter((one) => one !== undefined);
  if (chosen.length === 1) return [];
  const message =
    chosen.length === 0
      ? 'No strategy is named: write one of pull-request and notification.'
      : 'Two strategies are named: keep one of pull-request and notification.';
  return [{ rule: 'strategy-exactly-one', field, message }];
}

function pullRequestProblems(
  pullRequest: PullRequestStrategy | undefined,
  field: string,
  policy: HostPolicy,
): FieldProblem[] {
  if (!pullRequest) return [];
  return [...urlProblems(pullRequest, field, policy), ...baseBranchProblems(pullRequest, field)];
}

/** A token is sent where the URL says, so what is beside the URL belongs to these rules. */
function urlProblems({ url, type }: PullRequestStrategy, scope: string, policy: HostPolicy): FieldProblem[] {
  const shown = shownUrl(url);
  const at = { field: `${scope}.url`, scope, ...(shown !== undefined && { value: shown }) };
  const misspelled = shapeProblem(url);
  if (misspelled) return [{ ...at, rule: 'repository-url', message: misspelled }];
  const refused = repositoryHostProblem(new URL(url), policy);
  if (refused) return [{ ...at, rule: 'git-host', message: refused }];
  const unfit = forgeFitProblem(type, new URL(url));
  return unfit ? [{ ...at, rule: 'forge-fits-url', message: unfit }] : [];
}

function baseBranchProblems({ baseBranch }: PullRequestStrategy, scope: string): FieldProblem[] {
  const wrong = branchProblem(baseBranch);
  if (!wrong) return [];
  return [{ rule: 'base-branch', field: `${scope}.baseBranch`, value: baseBranch, message: wrong }];
}

/** The branch of the pull request is named after the environment and must never be the base branch. */
function promotionBranchProblems(spec: PipelineSpec, { namespace, name }: PipelineNames): FieldProblem[] {
  return spec.environments.flatMap((environment, index): FieldProblem[] => {
    const pullRequest = promotionInto(spec, environment)?.strategy['pull-request'];
    if (!pullRequest) return [];
    const branch = promotionBranch(namespace, name, environment.name);
    const wrong = pullRequest.baseBranch === branch ? 'It is the base branch.' : branchProblem(branch);
    if (!wrong) return [];
    const message = `The branch of its pull requests would be ${branch}. ${wrong} Choose another name.`;
    const field = `${environmentField(index)}.name`;
    return [{ rule: 'promotion-branch', field, value: environment.name, message }];
  });
}
