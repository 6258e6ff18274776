import * as v from 'valibot';
import { FIRST_FAULT } from '../../first-fault.ts';
import { unexpectedResponse } from './failure.ts';
import type { ForgeContext, ForgeOperation } from './types.ts';

/** A schema's output, or an error that names the first place that is wrong. */
export function parsedAnswer<T extends v.GenericSchema>(
  schema: T,
  operation: ForgeOperation,
  data: unknown,
  context: ForgeContext,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, data, FIRST_FAULT);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]) ?? 'all of it';
  throw unexpectedResponse(operation, [where], context);
}
