import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Json } from './openapi.ts';
import { extractOf, type Swagger } from './swagger.ts';

/**
 * Writes the description for the stand-in for Azure DevOps: the operations that Turnpike uses, taken from
 * the description that Microsoft publishes. Its argument is a clone of
 * https://github.com/MicrosoftDocs/vsts-rest-api-specs.
 */

const SOURCE = 'https://github.com/MicrosoftDocs/vsts-rest-api-specs';
const COMMIT = 'adb28786a3e9349d5b3deb43eb2134b682c33bb2';

/** Folders of the descriptions, by the name of the file that is written; a server's files have an ending of their own. */
const DESCRIPTIONS = {
  'services-7.1': { folder: '7.1', ending: '' },
  'services-7.0': { folder: '7.0', ending: '' },
  'server-7.1': { folder: 'azure-devops-server-7.1', ending: '-onprem' },
  'server-7.0': { folder: 'azure-devops-server-7.0', ending: '-onprem' },
  'server-6.0': { folder: 'azure-devops-server-6.0', ending: '-onprem' },
} as const;

const REPOSITORY = '{project}/_apis/git/repositories/{repositoryId}';
/** Methods by the end of the path, by the area that describes it. */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'git/git': {
    [`${REPOSITORY}/commits/{commitId}/statuses`]: ['get', 'post'],
    [`${REPOSITORY}/pullrequests`]: ['get', 'post'],
    [`${REPOSITORY}/pullrequests/{pullRequestId}`]: ['get', 'patch'],
    [`${REPOSITORY}/pullRequests/{pullRequestId}/iterations`]: ['get'],
    [`${REPOSITORY}/pullRequests/{pullRequestId}/labels`]: ['post'],
    [`${REPOSITORY}/pullRequests/{pullRequestId}/reviewers`]: ['post'],
    [`${REPOSITORY}/pullRequests/{pullRequestId}/statuses`]: ['get', 'post'],
    [`${REPOSITORY}/pullRequests/{pullRequestId}/threads`]: ['get', 'post'],
  },
  'policy/policy': { '{project}/_apis/policy/evaluations': ['get'] },
  'ims/identities': { '_apis/identities': ['get'] },
};

async function readAt(clone: string, path: string): Promise<string> {
  const command = ['git', '-C', clone, 'show', `${COMMIT}:${path}`];
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' });
  const [output, errors, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with status ${status}: ${errors}`);
  return output;
}

/** A line for each operation and schema, so that a newer version can be compared. */
function textOf(document: Readonly<Record<string, Json>>): string {
  const parts = Object.entries(document).map(([key, value]) => {
    if (typeof value !== 'object' || value === null)
      return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const lines = Object.entries(value).map(
      ([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`,
    );
    return `${JSON.stringify(key)}: {\n${lines.join(',\n')}\n}`;
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}

const clone = process.argv[2];
if (clone === undefined) throw new Error(`Give the directory of a clone of ${SOURCE}.`);
const folder = fileURLToPath(new URL('../test/fixtures/azure/', import.meta.url));
await mkdir(folder, { recursive: true });
for (const [name, { folder: version, ending }] of Object.entries(DESCRIPTIONS)) {
  let taken: { operations: Record<string, Json>; schemas: Record<string, Json> } = {
    operations: {},
    schemas: {},
  };
  for (const [area, wanted] of Object.entries(OPERATIONS)) {
    const [room = '', file = ''] = area.split('/');
    const text = await readAt(clone, `specification/${room}/${version}/${file}${ending}.json`);
    const extract = extractOf(JSON.parse(text.replace(/^\uFEFF/, '')) as Swagger, wanted);
    taken = {
      operations: { ...taken.operations, ...extract.operations },
      schemas: { ...extract.schemas, ...taken.schemas },
    };
  }
  const source = `${SOURCE} ${COMMIT.slice(0, 12)}, ${version}`;
  await writeFile(`${folder}${name}.json`, textOf({ source, license: 'MIT', ...taken }));
}
await writeFile(`${folder}LICENSE`, await readAt(clone, 'LICENSE'));
console.log(`test/fixtures/azure: taken from ${SOURCE} ${COMMIT}.`);
