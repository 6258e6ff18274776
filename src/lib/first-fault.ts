import * as v from 'valibot';

/**
 * For reading what others send: it may be wrong at a million places, each of which valibot would describe. One is enough
 * to refuse it.
 */
export const FIRST_FAULT = { abortEarly: true } as const;

/** Keys are theirs too. */
const MAX_PATH = 100;

/** A schema's output, or an error that says where the first fault is and never what stands there: it may be long. */
export function parseFirst<T extends v.GenericSchema>(schema: T, answer: unknown): v.InferOutput<T> {
  const parsed = v.safeParse(schema, answer, FIRST_FAULT);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue)?.slice(0, MAX_PATH) ?? 'all of it';
  throw new Error(`An answer has an unexpected form: ${where} is not ${issue.expected ?? 'valid'}.`);
}
