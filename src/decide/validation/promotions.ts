import {
  type Gates,
  NO_STRATEGY,
  type PipelineSpec,
  type Promotion,
  type PullRequestStrategy,
  type PushStrategy,
  SEVERAL_STRATEGIES,
  type Strategy,
} from '../../api/pipeline.ts';
import { forgeTypeOf, forgeTypeProblem, forgeUrlProblem } from '../../lib/forges/pure.ts';
import { branchProblem } from '../../lib/git/pure.ts';
import { type HostPolicy, repositoryHostProblem, shapeProblem, shownUrl } from '../../lib/net/pure.ts';
import { fileProblems } from './files.ts';
import { gateProblems } from './gates.ts';
import { approvalProblems } from './on-top.ts';
import { environmentField, type FieldProblem } from './problem.ts';
import { branchTemplateProblems, type PipelineNames, promotionBranchProblems } from './promotion-branch.ts';
import type { RuleName } from './rules.ts';
import { ownSecretProblems } from './secrets/own-secrets.ts';
import { templateProblems } from './templates.ts';

export type { PipelineNames } from './promotion-branch.ts';

export interface PlacedPromotion {
  readonly field: string;
  readonly promotion: Promotion;
}

/** Every promotion that is written in the spec, the Pipeline's own one first. */
export function promotionsOf(spec: PipelineSpec): PlacedPromotion[] {
  const own = spec.environments.flatMap(({ promotion }, index) => {
    return promotion ? [{ field: `${environmentField(index)}.promotion`, promotion }] : [];
  });
  return spec.promotion ? [{ field: 'spec.promotion', promotion: spec.promotion }, ...own] : own;
}

/** Exactly one strategy in each promotion, repository URLs, branches and gates that can be used. */
export function promotionProblems(
  spec: PipelineSpec,
  policy: HostPolicy,
  names: PipelineNames,
): FieldProblem[] {
  const { artifacts } = spec;
  const written = promotionsOf(spec).flatMap(({ field, promotion }) => [
    ...strategyProblems(promotion.strategy, `${field}.strategy`),
    ...pullRequestProblems(promotion.strategy['pull-request'], `${field}.strategy.pull-request`, {
      ...policy,
      artifacts,
    }),
    ...pushProblems(promotion.strategy.push, `${field}.strategy.push`, { ...policy, artifacts }),
    ...approvalProblems(promotion, field),
  ]);
  const gates = gatesOf(spec).flatMap(({ field, gates }) => gateProblems(gates, field, artifacts));
  return [...written, ...gates, ...promotionBranchProblems(spec, names)];
}

/** All places in the spec that hold gates. */
export function gatesOf(spec: PipelineSpec): { readonly field: string; readonly gates: Gates }[] {
  const placed = [
    ...promotionsOf(spec).map(({ field, promotion: { gates } }) => ({ field, gates })),
    ...spec.environments.map(({ gates }, index) => ({ field: environmentField(index), gates })),
  ];
  return placed.flatMap(({ field, gates }) => (gates ? [{ field: `${field}.gates`, gates }] : []));
}

type FilePolicy = HostPolicy & Pick<PipelineSpec, 'artifacts'>;

function strategyProblems(strategy: Strategy, field: string): FieldProblem[] {
  const all = [strategy['pull-request'], strategy.push, strategy.notification];
  const chosen = all.filter((one) => one !== undefined);
  if (chosen.length === 1) return [];
  const message = chosen.length === 0 ? NO_STRATEGY : SEVERAL_STRATEGIES;
  return [{ rule: 'strategy-exactly-one', field, message }];
}

function pullRequestProblems(
  pullRequest: PullRequestStrategy | undefined,
  field: string,
  policy: FilePolicy,
): FieldProblem[] {
  if (!pullRequest) return [];
  const { baseBranch, files, templates } = pullRequest;
  return [
    ...forgeProblems(pullRequest, field, policy),
    ...ownSecretProblems(pullRequest, field, 'forge'),
    ...branchProblems(baseBranch, `${field}.baseBranch`),
    ...branchTemplateProblems(pullRequest, `${field}.branch`),
    ...fileProblems(files, `${field}.files`, policy.artifacts),
    ...templateProblems(templates, `${field}.templates`),
  ];
}

function pushProblems(push: PushStrategy | undefined, field: string, policy: FilePolicy): FieldProblem[] {
  if (!push) return [];
  return [
    ...urlProblems(push.url, field, policy),
    ...ownSecretProblems(push, field, 'git'),
    ...branchProblems(push.branch, `${field}.branch`),
    ...fileProblems(push.files, `${field}.files`, policy.artifacts),
    ...templateProblems(push.templates, `${field}.templates`),
  ];
}

/** A token is sent to the host of the URL, so the fields beside the URL belong to these rules. */
function forgeProblems(pullRequest: PullRequestStrategy, scope: string, policy: HostPolicy): FieldProblem[] {
  const { url } = pullRequest;
  const wrong = urlProblems(url, scope, policy);
  if (wrong.length > 0) return wrong;
  const type = forgeTypeOf(pullRequest);
  if (!type) return [{ rule: 'forge-type', field: `${scope}.type`, scope, message: forgeTypeProblem(url) }];
  const unfit = forgeUrlProblem(type, url);
  return unfit ? [urlProblem('forge-fits-url', url, scope, unfit)] : [];
}

function urlProblems(url: string, scope: string, policy: HostPolicy): FieldProblem[] {
  const misspelled = shapeProblem(url);
  if (misspelled) return [urlProblem('repository-url', url, scope, misspelled)];
  const unreachable = repositoryHostProblem(new URL(url), policy);
  return unreachable ? [urlProblem('git-host', url, scope, unreachable)] : [];
}

function urlProblem(rule: RuleName, url: string, scope: string, message: string): FieldProblem {
  const value = shownUrl(url);
  return { rule, field: `${scope}.url`, scope, ...(value !== undefined && { value }), message };
}

function branchProblems(branch: string, field: string): FieldProblem[] {
  const wrong = branchProblem(branch);
  if (!wrong) return [];
  return [{ rule: 'base-branch', field, value: branch, message: wrong }];
}
