/** A key's text, or undefined when it is missing or blank. */
export type ReadKey = (key: string) => string | undefined;
