import { runOrThrow } from '../test/lab/command.ts';
import type { Lab } from '../test/lab/lab.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { type Load, load } from './load.ts';
import { admissionAddress } from './rotation.ts';
import { type Figure, median } from './table.ts';

/** The program still compiles its code in these seconds, on the same processor. */
const WARM_UP_SECONDS = 10;
/** The median of the rounds counts: a shared machine is not as fast in each. */
const ROUNDS = 5;
const ROUND_SECONDS = 4;
const CONNECTIONS = 100;
const APPLIES = 15;
const NAMESPACE = 'bench-admission';
/** The webhook leaves this namespace out, so that it shows what an apply takes without. */
const UNCHECKED = 'kube-system';

/** Measures the admission webhook's answers per second on one processor, and what it adds to `kubectl apply`. */
export async function benchAdmission(lab: Lab, turnpike: Turnpike): Promise<Figure[]> {
  await lab.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  await lab.apply([NAMESPACE, UNCHECKED].flatMap(secrets));
  const url = `https://${await admissionAddress(turnpike)}/validate`;
  const rounds = await onOneProcessor(turnpike, async () => {
    const work = { url, headers: { 'content-type': 'application/json' } };
    const place = { connections: CONNECTIONS, processor: 1, directory: lab.directory };
    const send = (operation: string, seconds: number) =>
      load({ ...work, ...place, body: JSON.stringify(review(operation)), seconds });
    await send('CREATE', WARM_UP_SECONDS);
    const before = await durations(turnpike);
    const loads: Load[] = [];
    for (let round = 0; round < ROUNDS; round += 1) loads.push(await send('CREATE', ROUND_SECONDS));
    const after = await durations(turnpike);
    return { loads, before, after, deletions: await send('DELETE', ROUND_SECONDS) };
  });
  const refused = [...rounds.loads, rounds.deletions].reduce((sum, one) => sum + one.refused, 0);
  if (refused > 0) throw new Error(`${refused} reviews were not answered`);
  const perSecond = median(rounds.loads.map(({ requestsPerSecond }) => requestsPerSecond));
  const p99 = slowest99(rounds.before, rounds.after);
  const added = await addedToApply(lab);
  return [
    {
      name: `reviews, ${CONNECTIONS} connections, one processor`,
      value: perSecond,
      unit: '/s',
      goal: 'at least 5,000/s',
      met: perSecond >= 5000,
    },
    {
      name: 'the same for deletions, which are not judged',
      value: rounds.deletions.requestsPerSecond,
      unit: '/s',
    },
    {
      name: 'p99 of the server (at most)',
      value: p99 * 1000,
      unit: 'ms',
      goal: 'at most 10 ms',
      met: p99 <= 0.01,
    },
    {
      name: 'p99 of the client, which always has all in flight',
      value: median(rounds.loads.map((one) => one.p99)),
      unit: 'ms',
    },
    {
      name: 'added to kubectl apply, median',
      value: added,
      unit: 'ms',
      goal: 'at most 50 ms',
      met: added <= 50,
    },
  ];
}

/** Keeps the program, all of its threads, to the first processor while the load runs. */
async function onOneProcessor<T>({ process }: Turnpike, work: () => Promise<T>): Promise<T> {
  await runOrThrow(['taskset', '-a', '-c', '-p', '0', String(process.pid)]);
  try {
    return await work();
  } finally {
    await runOrThrow(['taskset', '-a', '-c', '-p', '0-1', String(process.pid)]);
  }
}

/** Reviews so far, by the upper bound of their duration in seconds. */
async function durations({ metrics }: Turnpike): Promise<[number, number][]> {
  const text = await (await fetch(`${metrics}/metrics`)).text();
  const pattern = /^turnpike_admission_duration_seconds_bucket\{le="([^"]+)"\} (\d+)/gm;
  return [...text.matchAll(pattern)].map(([, bound, count]) => [
    bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound),
    Number(count),
  ]);
}

/** The bound of the bucket that 99 of 100 reviews between the two readings are in or below. */
function slowest99(before: [number, number][], after: [number, number][]): number {
  const counts = after.map(([bound, count], index) => [bound, count - (before[index]?.[1] ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  return counts.find(([, count]) => count >= total * 0.99)?.[0] ?? Number.NaN;
}

/** Applies in turn with and without the webhook: the difference of the medians, in milliseconds. */
async function addedToApply(lab: Lab): Promise<number> {
  const timed = async (namespace: string, index: number) => {
    const started = performance.now();
    await lab.apply([pipeline(namespace, `bench-${index}`)]);
    return performance.now() - started;
  };
  const checked: number[] = [];
  const unchecked: number[] = [];
  for (let index = 0; index < APPLIES; index += 1) {
    checked.push(await timed(NAMESPACE, index));
    unchecked.push(await timed(UNCHECKED, index));
  }
  await lab.kubectl(['delete', 'pipelines', '--all', '-n', UNCHECKED]);
  return median(checked) - median(unchecked);
}

function review(operation: string) {
  const object = pipeline(NAMESPACE, 'app');
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '6b1d1f9c-2f9a-4d0e-9d3a-1c8d0a7d2b11',
      operation,
      namespace: NAMESPACE,
      name: 'app',
      // A user who may see the Secrets, so that admission looks at them.
      userInfo: { username: 'somebody', groups: ['system:masters', 'system:authenticated'] },
      ...(operation === 'DELETE' ? { oldObject: object } : { object }),
    },
  };
}

/** Five environments with two targets each. */
function pipeline(namespace: string, name: string) {
  const environments = ['dev', 'test', 'staging', 'perf', 'prod'].map((environment) => ({
    name: environment,
    targets: ['eu', 'us'].map((region) => ({ namespace: `${name}-${environment}-${region}` })),
  }));
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name, namespace },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
      environments,
      promotion: {
        strategy: {
          'pull-request': {
            type: 'github',
            url: 'https://github.com/example/fleet',
            baseBranch: 'main',
            secretRef: { name: 'repository' },
          },
          secretRef: { name: 'events' },
        },
      },
    },
  };
}

function secrets(namespace: string) {
  return [
    { name: 'events', stringData: { 'hmac-key': 'k'.repeat(32) } },
    { name: 'repository', stringData: { token: 'of a forge that is not asked' } },
  ].map(({ name, stringData }) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData,
  }));
}
