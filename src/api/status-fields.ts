import * as v from 'valibot';

/** Schemas that fields of a status share. */

export const time = (description: string) =>
  v.pipe(v.string(), v.metadata({ format: 'date-time' }), v.description(`${description} RFC 3339.`));

export const revision = (description: string) =>
  v.pipe(v.string(), v.maxLength(512), v.description(description));
export const message = (description: string) =>
  v.pipe(v.string(), v.maxLength(2048), v.description(description));
