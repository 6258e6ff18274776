/** The names of the one Pipeline and of its environments in Git. */
export const NAMESPACE = 'apps';
export const NAME = 'app';

const PREFIX = `promotion-${NAMESPACE}-${NAME}-`;

export function branchOf(environment: string): string {
  return `${PREFIX}${environment}`;
}

/** The environment that a branch, or a marker's key, belongs to. */
export function environmentOf(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name.slice(name.lastIndexOf(':') + 1);
}

export const APPLICATION = {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  name: 'app',
} as const;
