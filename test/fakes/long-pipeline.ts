import type { EnvironmentStatus, Pipeline } from '../../src/api/pipeline.ts';
import { foldExecutions } from '../../src/decide/report/executions.ts';
import { at, look, pipeline, spec, withState } from './pipeline.ts';

/** A Pipeline that is as large as they get. */

const ENVIRONMENTS = [
  'development',
  'integration',
  'staging-eu-west-1',
  'production-eu-west-1',
  'production-us-east-2',
];
export function longRevision(minor: number): string {
  return `6.${minor}.1-rc.12+4f0c04b70aff`;
}

function state(namespace: string, minor: number): EnvironmentStatus {
  return {
    deployment: {
      revision: longRevision(minor),
      phase: 'Succeeded',
      message: `Helm upgrade succeeded for release ${namespace}/payment-gateway.v123 with chart payment-gateway@${longRevision(minor)}`,
      observedAt: at(minor),
      source: 'webhook',
    },
    waitingApproval: { revision: '' },
    promotion: {
      revision: longRevision(minor),
      phase: 'Merged',
      attempts: 12,
      pullRequest: {
        url: 'https://git.corp.example.com/platform-team/fleet-infrastructure/pulls/12345',
        number: 12345,
      },
      startedAt: at(minor),
      updatedAt: at(minor),
      approvedBy: 'system:serviceaccount:platform-approvals:release-manager',
      message: `Pull request #12345 is merged; waits until ${namespace} is ready at ${longRevision(minor)}.`,
    },
  };
}

/** Five environments with long names, and as many executions as there is room for. */
export function longPipeline(): Pipeline {
  const environments = ENVIRONMENTS.map((name) => ({ name, targets: [{ namespace: `payments-${name}` }] }));
  const appRef = { ...spec().appRef, name: 'payment-gateway' };
  let from = pipeline({ appRef, environments });
  for (let minor = 0; minor < 40; minor += 1) {
    const runs = Object.fromEntries(ENVIRONMENTS.map((name) => [name, longRevision(minor)]));
    from = look(from, runs, minor * 60);
    for (const name of ENVIRONMENTS) from = withState(from, name, state(name, minor));
    from = { ...from, status: foldExecutions(from, new Date(at(minor * 60 + 30))) };
  }
  return from;
}
