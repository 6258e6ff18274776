import { hasCode } from '../../../src/lib/errors.ts';
import { branchUpdate, testBranches } from './support.ts';

/**
 * Runs one promotion with a cache directory and prints it on standard output as JSON, for tests that need a
 * process of its own: `bun promote-once.ts DIRECTORY URL`.
 */
const [directory = '', url = ''] = process.argv.slice(2);
const branches = await testBranches({ directory });
const reported = await branches.updateBranch(branchUpdate(url)).then(
  ({ kind }) => ({ kind }),
  (error: unknown) =>
    hasCode(error, 'ConfigInvalid')
      ? { code: error.code, retry: error.retry, message: error.message }
      : { message: String(error) },
);
await branches.close();
console.log(JSON.stringify(reported));
