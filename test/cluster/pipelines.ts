import { join } from 'node:path';
import { waitEstablished } from '../lab/established.ts';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';

/** What tests do with Pipelines of the namespace demo by kubectl. */

const ROOT = join(import.meta.dir, '../..');
const DEFINITION = 'crd/pipelines.pipelines.weave.works';

/** `kubectl apply -k` of a folder of this repository; returns what kubectl printed. */
export function applyFolder(lab: Lab, folder: string): Promise<string> {
  return lab.kubectl(['apply', '-k', join(ROOT, folder)]);
}

/** Waits until the API server works by our definition, also where there was another one before. */
export async function waitForDefinition(lab: Lab): Promise<void> {
  await waitEstablished(lab, DEFINITION);
  const isServed = async () => (await lab.tryKubectl(['explain', 'pipeline.status.summary'])).code === 0;
  await waitUntil('our schema to be served', isServed, { seconds: 30 });
}

/** Merges changes into a Pipeline; `args` may name a subresource. */
export function patchPipeline(lab: Lab, name: string, patch: object, ...args: string[]): Promise<string> {
  const merge = ['--type=merge', '-p', JSON.stringify(patch)];
  return lab.kubectl(['patch', 'pipeline', name, '-n', 'demo', ...merge, ...args]);
}
