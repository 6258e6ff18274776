import { reportToStderr } from './build/reporter.ts';
import { labEnvironment } from './environment.ts';
import { connectLab, type Lab, startLab } from './lab.ts';

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * The lab with Gitea, a registry and Flux that all test files share: the one that `npm test` started, or, when a
 * single file is run by hand, one that ends with this process. Tests take namespaces and repositories of
 * their own in it, and leave its API server and controllers running.
 */
export const sharedLab: () => Promise<Lab> = once(() => {
  const { connection } = labEnvironment();
  if (connection !== undefined) return connectLab(connection);
  return startLab({ gitea: true, registry: true, flux: true, reporter: reportToStderr() });
});
