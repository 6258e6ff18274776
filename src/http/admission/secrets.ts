import { errorMessage, TurnpikeError } from '../../api/errors.ts';
import {
  type FieldProblem,
  type SecretData,
  type SecretNeed,
  secretProblems,
  secretWarnings,
} from '../../decide/validate.ts';

export type ReadSecret = (namespace: string, name: string) => Promise<SecretData | undefined>;

export interface SecretFindings {
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

/** For all Secrets of one review together; the API server itself waits five seconds for us. */
const DEADLINE_MS = 2000;

type Found = { readonly data: SecretData | undefined } | { readonly doubt: string };

/**
 * Reads each Secret once, one after the other, and holds it against what it is needed for. What the API
 * server does not give us in time is a doubt about the cluster and only warned of.
 *
 * @throws what `read` throws other than a TurnpikeError: that is a fault of our own
 */
export async function checkSecrets(
  needs: readonly SecretNeed[],
  namespace: string,
  read: ReadSecret,
): Promise<SecretFindings> {
  const found = await readAll([...new Set(needs.map((need) => need.name))], namespace, read);
  const results = needs.map((need) => judge(need, namespace, found.get(need.name)));
  return {
    problems: results.flatMap((result) => result.problems),
    warnings: results.flatMap((result) => result.warnings),
  };
}

async function readAll(
  names: readonly string[],
  namespace: string,
  read: ReadSecret,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const { promise: late, resolve } = Promise.withResolvers<Found>();
  const timer = setTimeout(() => resolve({ doubt: 'the API server did not answer in time' }), DEADLINE_MS);
  try {
    for (const name of names) {
      found.set(name, await Promise.race([late, readOne(namespace, name, read)]));
    }
    return found;
  } finally {
    clearTimeout(timer);
  }
}

async function readOne(namespace: string, name: string, read: ReadSecret): Promise<Found> {
  try {
    return { data: await read(namespace, name) };
  } catch (error) {
    if (error instanceof TurnpikeError) return { doubt: errorMessage(error) };
    throw error;
  }
}

function judge(need: SecretNeed, namespace: string, found: Found | undefined): SecretFindings {
  if (!found || 'doubt' in found) {
    const why = found?.doubt ?? 'it was not read';
    const message = `Secret ${namespace}/${need.name} was not checked: ${why}`;
    return { problems: [], warnings: [{ field: need.field, value: need.name, message }] };
  }
  const problems = secretProblems(need, namespace, found.data);
  const warnings = found.data ? secretWarnings(need, namespace, found.data) : [];
  return { problems, warnings };
}
