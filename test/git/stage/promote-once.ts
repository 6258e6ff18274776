import { hasCode } from '../../../src/lib/errors.ts';
import { branchUpdate, testWorkspace } from './support.ts';

/**
 * One promotion with a cache directory, told on standard output as JSON, for tests that need a process of its
 * own: `bun promote-once.ts DIRECTORY URL`.
 */
const [directory = '', url = ''] = process.argv.slice(2);
const workspace = await testWorkspace({ directory });
const told = await workspace.updateBranch(branchUpdate(url)).then(
  ({ kind }) => ({ kind }),
  (error: unknown) =>
    hasCode(error, 'ConfigInvalid')
      ? { code: error.code, retry: error.retry, message: error.message }
      : { message: String(error) },
);
await workspace.close();
console.log(JSON.stringify(told));
