import { connect } from 'node:tls';
import type { Lab } from '../test/lab/lab.ts';
import { TURNPIKE_NAMESPACE, type Turnpike } from '../test/lab/turnpike.ts';
import { waitUntil } from '../test/lab/wait.ts';
import { type Figure, percentile } from './table.ts';

const PER_SECOND = 500;
/** A little more is asked for, so that a moment's delay does not leave it below. */
const ASKED_PER_SECOND = 550;
const CONNECTIONS = 40;
/** The load goes on so long before the first change and after each one, in the long version. */
const CALM_SECONDS = 5;
/** Turnpike looks every 3 s in its first minutes, then every minute; a new authority is given 5 s more. */
const CHANGE_SECONDS = 90;

const NAMESPACE = 'bench-rotation';
const SECRET = `secret/turnpike-admission-certificate`;
const PIPELINES = `/apis/pipelines.weave.works/v1alpha1/namespaces/${NAMESPACE}/pipelines?dryRun=All`;

/** Keys of the Secret without which Turnpike makes a new certificate, the second time a new authority too. */
const TAKEN_AWAY = ['tls.crt', 'ca.key', 'tls.crt'];

export interface Rotations {
  /** Pipelines that the API server was asked to take, and that the webhook had to allow. */
  readonly admissions: number;
  readonly perSecond: number;
  /** Serial numbers of the certificates that were served one after the other. */
  readonly served: readonly string[];
  /** Answers other than "created". */
  readonly errors: readonly string[];
  /** Milliseconds that each took. */
  readonly durations: readonly number[];
}

/** Certificates change three times, one time with their authority, while 500 Pipelines per second come in. */
export async function benchRotation(lab: Lab, turnpike: Turnpike): Promise<Figure[]> {
  const { admissions, perSecond, served, errors, durations } = await rotateUnderLoad(
    lab,
    turnpike,
    CALM_SECONDS,
  );
  const rotations = served.length - 1;
  return [
    { name: 'admissions', value: admissions, unit: '' },
    {
      name: 'admissions per second',
      value: perSecond,
      unit: '/s',
      goal: `at least ${PER_SECOND}/s`,
      met: Math.round(perSecond) >= PER_SECOND,
    },
    { name: 'rotations', value: rotations, unit: '', goal: '3', met: rotations === 3 },
    { name: 'errors', value: errors.length, unit: '', goal: '0', met: errors.length === 0 },
    { name: 'p99', value: percentile(durations, 0.99), unit: 'ms' },
    { name: 'slowest', value: percentile(durations, 1), unit: 'ms' },
  ];
}

/** Turnpike must be installed in the lab with certificates of its own. */
export async function rotateUnderLoad(lab: Lab, turnpike: Turnpike, calmSeconds: number): Promise<Rotations> {
  await lab.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  const port = Number((await admissionAddress(turnpike)).split(':').at(-1));
  const served = [await serialNumber(port)];
  const before = await allowed(turnpike);
  const load = startLoad(lab);
  await Bun.sleep(calmSeconds * 1000);
  for (const key of TAKEN_AWAY) {
    await takeAway(lab, key);
    const changed = async () => (await serialNumber(port)) !== served.at(-1);
    await waitUntil('another certificate', changed, { seconds: CHANGE_SECONDS });
    served.push(await serialNumber(port));
    await Bun.sleep(calmSeconds * 1000);
  }
  const result = await load.end();
  const reviewed = (await allowed(turnpike)) - before;
  if (reviewed < result.admissions) {
    throw new Error(`the webhook was asked about ${reviewed} of ${result.admissions} Pipelines only`);
  }
  return { ...result, served };
}

function startLoad(lab: Lab) {
  const started = performance.now();
  const durations: number[] = [];
  const errors: string[] = [];
  let next = 0;
  let ended = false;

  async function send(index: number): Promise<void> {
    const begun = performance.now();
    const problem = await create(lab, index).catch((error: unknown) => String(error));
    durations.push(performance.now() - begun);
    if (problem !== undefined) errors.push(problem);
  }

  async function work(): Promise<void> {
    while (!ended) {
      const index = next++;
      await Bun.sleep(Math.max(0, started + (index * 1000) / ASKED_PER_SECOND - performance.now()));
      await send(index);
    }
  }

  const workers = Array.from({ length: CONNECTIONS }, work);
  return {
    async end() {
      ended = true;
      await Promise.all(workers);
      const perSecond = (durations.length * 1000) / (performance.now() - started);
      return { admissions: durations.length, perSecond, errors, durations };
    },
  };
}

/** The fault in the answer to the creation of a Pipeline that is never written. */
async function create(lab: Lab, index: number): Promise<string | undefined> {
  const answer = await lab.request('POST', PIPELINES, pipeline(`app-${index}`));
  const text = await answer.text();
  return answer.status === 201 ? undefined : `${answer.status}: ${text}`;
}

function pipeline(name: string) {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name },
      environments: [{ name: 'dev', targets: [{ namespace: 'dev' }] }],
    },
  };
}

async function takeAway(lab: Lab, key: string): Promise<void> {
  const patch = JSON.stringify([{ op: 'remove', path: `/data/${key}` }]);
  await lab.kubectl(['patch', SECRET, '-n', TURNPIKE_NAMESPACE, '--type=json', '-p', patch]);
}

/** The address of the admission webhook, `127.0.0.1:41234`. */
export async function admissionAddress(turnpike: Turnpike): Promise<string> {
  const lines = await turnpike.log();
  const line = lines.find(({ msg, server }) => msg === 'listening' && server === 'admission');
  return String(line?.address);
}

/** The serial number of the certificate that a new connection gets. */
export function serialNumber(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function allowed({ metrics }: Turnpike): Promise<number> {
  const text = await (await fetch(`${metrics}/metrics`)).text();
  return Number(/^turnpike_admission_requests_total\{allowed="true"\} (\d+)/m.exec(text)?.[1] ?? 0);
}
