/**
 * For reading what others send: it may be wrong at a million places, each of which valibot would describe. One is enough
 * to refuse it.
 */
export const FIRST_FAULT = { abortEarly: true } as const;
