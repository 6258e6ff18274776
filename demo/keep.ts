import { join } from 'node:path';
import type { Lab } from '../test/lab/lab.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { APP, NAMESPACE, REPOSITORY, releasePath, SPARE_VERSION } from './names.ts';

export interface Kept {
  readonly lab: Lab;
  readonly turnpike: Turnpike | undefined;
}

/** Describes how to look at a demo that was left running. */
export function describeKept({ lab, turnpike }: Kept): string {
  const { gitea } = lab;
  const paragraphs = [
    'Everything is left running. For kubectl, in your shell:',
    `  export KUBECONFIG=${lab.kubeconfig}`,
    `  kubectl get pipelines -n ${NAMESPACE}`,
    `  kubectl describe pipeline ${APP} -n ${NAMESPACE}`,
    `  kubectl get events -n ${NAMESPACE}`,
    '  kubectl get helmreleases -A',
    '',
    `Gitea:     ${gitea.url}/${gitea.user}/${REPOSITORY}   user ${gitea.user}, password ${gitea.password}`,
    ...(turnpike ? addresses(turnpike) : []),
    `Manifests: ${join(lab.directory, 'demo')}`,
    `Logs:      ${join(lab.directory, 'run')}/*.log`,
    '',
    ...goOn(lab),
    '',
    'To end it all:  npm run demo -- --stop',
  ];
  return paragraphs.join('\n');
}

function addresses({ hook, metrics, probes }: Turnpike): string[] {
  return [`Turnpike:  webhook ${hook}, metrics ${metrics}/metrics, probes ${probes}/readyz`];
}

function goOn(lab: Lab): string[] {
  if (!lab.has.flux)
    return ['Nobody plays Flux from here on: what you merge is not deployed. With --flux it is.'];
  return [
    `Go on by yourself: the chart has a version ${SPARE_VERSION}. Edit ${releasePath('dev')} on main in Gitea,`,
    'then watch: kubectl get pipelines -A --watch',
  ];
}
