import type { Lab } from '../../lab/lab.ts';
import { pause } from './act.ts';

/** A user who writes a Pipeline every second, as a dry run, so that admission is asked and nothing is made. */

export interface Reviews {
  readonly asked: number;
  /** The answers to Pipelines that were refused. */
  readonly refused: readonly string[];
}

const EVERY_MS = 1000;

export async function reviewUntil(lab: Lab, namespace: string, until: AbortSignal): Promise<Reviews> {
  const refused: string[] = [];
  let asked = 0;
  const path = `/apis/pipelines.weave.works/v1alpha1/namespaces/${namespace}/pipelines?dryRun=All`;
  while (!until.aborted) {
    asked += 1;
    const answer = await lab.request('POST', path, pipeline(namespace));
    const text = await answer.text();
    if (!answer.ok) refused.push(text.slice(0, 300));
    await pause(EVERY_MS, until);
  }
  return { asked, refused };
}

function pipeline(namespace: string): object {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: 'reviewed', namespace },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'reviewed' },
      environments: [{ name: 'dev', targets: [{ namespace: `${namespace}-dev` }] }],
      promotion: { strategy: { notification: {}, secretRef: { name: 'hook' } } },
    },
  };
}
