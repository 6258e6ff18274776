import type { Kubernetes } from './kubernetes.ts';
import { waitUntil } from './wait.ts';

/** Waits until definitions are served; kubectl gives up on one without any status. */
export async function waitEstablished(kubernetes: Kubernetes, ...definitions: string[]): Promise<void> {
  const args = ['wait', '--for=condition=Established', '--timeout=5s', ...definitions];
  const isServed = async () => (await kubernetes.tryKubectl(args)).code === 0;
  await waitUntil(`${definitions.join(', ')} to be served`, isServed, { seconds: 60 });
}
