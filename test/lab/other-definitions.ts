import { join } from 'node:path';
import { parse } from 'yaml';
import { OTHER_DEFINITIONS } from './build/components.ts';
import { installComponents } from './build/install.ts';
import { type Reporter, reportToStderr } from './build/reporter.ts';
import { labEnvironment } from './environment.ts';
import { waitForDefinitions } from './flux.ts';
import type { Kubernetes } from './kubernetes.ts';

const FILES: Readonly<Record<(typeof OTHER_DEFINITIONS)[number], readonly string[]>> = {
  'cert-manager-definitions': ['certificates', 'issuers'].map(
    (one) => `deploy/crds/cert-manager.io_${one}.yaml`,
  ),
  'monitoring-definitions': ['podmonitors', 'prometheusrules'].map(
    (one) => `example/prometheus-operator-crd/monitoring.coreos.com_${one}.yaml`,
  ),
};

/**
 * Installs the definitions of cert-manager and Prometheus Operator that our kustomize components have resources of, as
 * their projects release them.
 */
export async function installOtherDefinitions(
  kubernetes: Kubernetes,
  reporter: Reporter = reportToStderr(),
): Promise<void> {
  const installed = await installComponents(OTHER_DEFINITIONS, labEnvironment(), reporter);
  const files = OTHER_DEFINITIONS.flatMap((name) =>
    FILES[name].map((file) => join(installed.get(name)?.assets ?? '', file)),
  );
  const definitions = await Promise.all(
    files.map(async (file) => parse(await Bun.file(file).text()) as Named),
  );
  // They are too large for the annotation of a client-side apply.
  const input = definitions.map((one) => JSON.stringify(one)).join('\n');
  await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], { input });
  await waitForDefinitions(
    kubernetes,
    definitions.map(({ metadata }) => metadata.name),
  );
}

interface Named {
  readonly metadata: { readonly name: string };
}
