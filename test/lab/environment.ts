import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the JSON file through which `npm test` hands its running lab to the tests. */
export const CONNECTION_VARIABLE = 'TURNPIKE_LAB_CONNECTION';

/** The settings that the lab takes from the environment; this is the one place of the lab that reads it. */
export interface LabEnvironment {
  /** The directory of built binaries: `TURNPIKE_LAB`, else the user's cache directory. */
  readonly cache: string;
  /** The directory of labs' data while they run. */
  readonly temporary: string;
  /** Directories that are searched for binaries before the cache. */
  readonly searched: readonly string[];
  /** The connection file of a lab that is running already. */
  readonly connection: string | undefined;
}

export function labEnvironment(): LabEnvironment {
  const { TURNPIKE_LAB, XDG_CACHE_HOME, KUBEBUILDER_ASSETS, PATH } = process.env;
  return {
    cache: TURNPIKE_LAB || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'turnpike-lab'),
    temporary: tmpdir(),
    searched: [KUBEBUILDER_ASSETS ?? '', ...(PATH ?? '').split(':')].filter((path) => path !== ''),
    connection: process.env[CONNECTION_VARIABLE],
  };
}

/** Go collects garbage less often: memory is plenty where tests run, processors are not. */
export const GO_RUNTIME = { GOGC: '400', GOMEMLIMIT: '1GiB' };
