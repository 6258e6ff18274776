import {
  NO_OBJECTS,
  type ReferencedObjects,
  type References,
  type SecretState,
} from '../../src/decide/validation.ts';
import { createAdmission } from '../../src/http/admission.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { createLogger } from '../../src/telemetry/log.ts';

const FOUND: Readonly<Record<string, Record<string, string>>> = {
  events: { 'hmac-key': 'a key that signs events, 32 bytes or more' },
  repository: {
    token: 'the-token-of-the-forge',
    identity: '-----BEGIN PRIVATE KEY-----',
    known_hosts: 'a host',
  },
};

/** The admission webhook in a cluster that has two Secrets and warns of most other references. */
export function admissionApp() {
  const { log, errors } = errorLog();
  const app = createAdmission({
    intake: createIntake(),
    policy: { allowed: [], insecure: [] },
    gather: async (needs) => facts(needs),
    log,
    onReview: () => {},
  });
  return { app, errors };
}

export type AdmissionApp = ReturnType<typeof admissionApp>;

/** Keeps what is logged at level error and nothing else. */
export function errorLog(): { log: Logger; errors: string[] } {
  const errors: string[] = [];
  const write = (line: string) => {
    if (line.includes('"level":"error"')) errors.push(line);
  };
  return { log: createLogger({ level: 'debug', encoding: 'json', write, now: () => new Date() }), errors };
}

function facts(needs: References): ReferencedObjects {
  return {
    ...NO_OBJECTS,
    secrets: new Map(needs.secrets.map(({ name }) => [name, secretState(name)])),
    clusters: new Map(needs.clusters.map(({ key }) => [key, 'Nobody knows this cluster.'])),
    managers: new Map(needs.targets.slice(0, 1).map(({ key }) => [key, 'Another Pipeline has it.'])),
  };
}

function secretState(name: string): SecretState {
  const keys = Object.hasOwn(FOUND, name) ? FOUND[name] : undefined;
  if (keys) {
    const values = new Map(Object.entries(keys).map(([key, value]) => [key, Buffer.from(value)]));
    return { kind: 'found', secret: { values } };
  }
  return name.length % 2 === 0 ? { kind: 'absent' } : { kind: 'unknown', why: 'The API server is slow.' };
}
