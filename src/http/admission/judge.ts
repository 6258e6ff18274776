import { isDeepStrictEqual } from 'node:util';
import type { Author } from '../../api/admission.ts';
import type { PipelineSpec } from '../../api/pipeline.ts';
import {
  checkSpec,
  type Facts,
  type Findings,
  mergeFindings,
  type Needs,
  needsOf,
  problemLine,
  ratchet,
  type SpecPolicy,
  surroundingFindings,
} from '../../decide/validate.ts';
import type { Verdict } from './answer.ts';
import type { Review } from './review.ts';

export interface GatherOptions {
  readonly fresh: boolean;
  readonly author?: Author;
}

export interface JudgeDeps {
  readonly policy: SpecPolicy;
  /**
   * What the cluster says of the things that a spec names; `fresh`: of Secrets as they are from now on; `author`: and
   * of what that one may do himself. What it cannot say is no error but unknown.
   */
  readonly gather: (needs: Needs, options: GatherOptions) => Promise<Facts>;
}

/**
 * Judges one request. Nobody but the API server is asked for anything. Deletions pass, and so do updates
 * that leave the spec as it is; of other updates, faults that the object had before are only warned of.
 */
export async function judge(review: Review, deps: JudgeDeps): Promise<Verdict> {
  if (review.operation === 'DELETE' || isUnchanged(review)) return { allowed: true, warnings: [] };
  const findings = await check(review.spec, review, deps);
  if (findings.problems.length === 0 || review.operation !== 'UPDATE') return verdict(findings);
  // Of what was there before, only the faults count.
  const before = await check(review.oldSpec, { ...review, author: undefined }, deps);
  return verdict(ratchet({ spec: review.spec, findings }, { spec: review.oldSpec, findings: before }));
}

async function check(input: unknown, review: Review, deps: JudgeDeps): Promise<Findings> {
  const checked = checkSpec(input, deps.policy, review.names);
  if (checked.kind === 'malformed') return checked.findings;
  return mergeFindings(checked.findings, await checkSurroundings(checked.spec, review, deps));
}

/**
 * A dry run only warns of Secrets: Flux dry-runs a whole stage before it applies the Secret that comes with
 * the Pipeline. And nothing is denied for what a Secret was a moment ago.
 */
async function checkSurroundings(
  spec: PipelineSpec,
  { names, dryRun, author }: Review,
  { gather, policy }: JudgeDeps,
): Promise<Findings> {
  const needs = needsOf(spec, names, policy);
  const asker = author ? { author } : {};
  const known = surroundingFindings(needs, await gather(needs, { fresh: false, ...asker }), policy);
  if (known.problems.length === 0) return known;
  if (dryRun) return { problems: [], warnings: [...known.problems, ...known.warnings] };
  return surroundingFindings(needs, await gather(needs, { fresh: true, ...asker }), policy);
}

function isUnchanged({ operation, spec, oldSpec }: Review): boolean {
  return operation === 'UPDATE' && isDeepStrictEqual(spec, oldSpec);
}

function verdict({ problems, warnings }: Findings): Verdict {
  const doubts = warnings.map(problemLine);
  if (problems.length === 0) return { allowed: true, warnings: doubts };
  const lines = problems.map(problemLine);
  return { allowed: false, code: 422, reason: 'Invalid', lines, warnings: doubts };
}
