import type { Files } from '../test/lab/gitea/forge.ts';
import type { Scenario } from '../test/lab/scenario.ts';

/** A repository as platform teams have it: 1,000 applications × 3 environments × 4 files. */

const APPLICATIONS = 1_000;
const ENVIRONMENTS = ['dev', 'staging', 'prod'];

/** The scenarios' manifests lie among those of applications that are not promoted here. */
export function monorepo(scenarios: readonly Scenario[]): Files {
  const files: Record<string, string> = {};
  for (let number = 0; number < APPLICATIONS; number += 1) {
    const scenario = scenarios[number];
    for (const environment of ENVIRONMENTS) {
      const directory = `apps/team-${number % 20}/app-${number}/${environment}`;
      files[`${directory}/release.yaml`] = scenario?.environments.includes(environment)
        ? scenario.manifest(environment, '1.0.0')
        : release(number, environment);
      files[`${directory}/values.yaml`] = values(number, environment);
      files[`${directory}/service.yaml`] = service(number);
      files[`${directory}/kustomization.yaml`] = 'resources:\n  - release.yaml\n  - service.yaml\n';
    }
  }
  return files;
}

function release(number: number, environment: string): string {
  const marker = `# {"$promotion": "team-${number % 20}:app-${number}:${environment}"}`;
  return `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app-${number}\nspec:\n  chart:\n    spec:\n      version: 1.${number}.0 ${marker}\n`;
}

function values(number: number, environment: string): string {
  const lines = Array.from(
    { length: 20 },
    (_, line) => `  setting${line}: "${number}-${environment}-${line}"`,
  );
  return `replicas: ${1 + (number % 5)}\nconfig:\n${lines.join('\n')}\n`;
}

function service(number: number): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: app-${number}\nspec:\n  ports:\n    - port: ${8000 + number}\n`;
}
