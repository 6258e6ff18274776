import type { AppRef } from '../../src/api/pipeline.ts';
import type { Source } from '../../src/decide/model/artifacts.ts';
import { type Observation, readApplication } from '../../src/decide/observation/application.ts';
import { type Application, parseApplication } from '../../src/decide/observation/application-parse.ts';
import type { ApplicationReader, ReadOptions } from '../../src/decide/observation/application-reader.ts';

/** The application that an object shows, parsed by the same reader as in the program. */
export function readObject(appRef: AppRef, object: unknown, sources: readonly Source[] = []): Observation {
  const paths = sources.flatMap(({ path }) => path ?? []);
  return readApplication(appRef, parseApplication(object, { kind: appRef, paths }), sources);
}

type Find = (appRef: AppRef, namespace: string, options: ReadOptions) => unknown;

/** A cluster with the objects that are found there. */
export function readerOf(find: Find): ApplicationReader {
  return {
    async read(appRef, namespace, options = {}) {
      const object = await find(appRef, namespace, options);
      if (object === undefined) return undefined;
      return parseApplication(object, { kind: appRef, paths: options.paths ?? [] });
    },
  };
}

/** An application that differs from others by its revision alone. */
export function applicationAt(lastAppliedRevision: string): Application {
  return { metadata: { generation: 1 }, status: { conditions: [], lastAppliedRevision } };
}
