/** Of the libraries below `lib`, what each may use beside itself. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  'lib/text': ['lib'],
  'lib/async': ['lib', 'lib/text'],
  'lib/net': ['lib', 'lib/text', 'lib/async'],
  'lib/yaml': ['lib', 'lib/text', 'lib/async'],
  'lib/kube': ['lib', 'lib/text', 'lib/async', 'lib/net'],
  'lib/git': ['lib', 'lib/text', 'lib/async', 'lib/net'],
  'lib/forges': ['lib', 'lib/text', 'lib/async', 'lib/net', 'lib/git'],
};

const LIB = Object.keys(LIBRARIES);

/** Which room may use which: everything flows one way, so that each can be read without the next. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  ...LIBRARIES,
  api: LIB,
  telemetry: ['api', ...LIB],
  decide: ['api', ...LIB],
  observe: ['api', 'decide', 'telemetry', ...LIB],
  promote: ['api', 'decide', 'telemetry', ...LIB],
  http: ['api', 'decide', 'telemetry', ...LIB],
  reconcile: ['api', 'decide', 'telemetry', 'observe', 'promote', 'http', ...LIB],
  cli: ['api', 'decide', 'telemetry', 'observe', 'promote', 'http', 'reconcile', ...LIB],
  'main.ts': ['cli'],
};

const HOSTS = ['azure', 'bitbucket', 'gitea', 'github', 'gitlab'];

/**
 * Which folder of a room may use which other one of it. What lies in the room itself is open to all of it, and may use
 * all of it: there the law against circles is enough. Every folder has a row, so that a new one gets its place.
 */
const FOLDERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  cli: { get: [], serve: [], validate: [] },
  decide: {
    model: [],
    gates: ['model'],
    report: ['model', 'gates'],
    promotion: ['model', 'gates'],
    observation: ['model', 'gates', 'report', 'promotion'],
    validation: ['model', 'gates'],
  },
  http: { server: [], signed: ['server'], admission: ['server'], forge: ['server', 'signed'] },
  'lib/forges': {
    url: [],
    credentials: [],
    request: ['credentials'],
    ...Object.fromEntries(HOSTS.map((host) => [host, ['url', 'request', 'credentials']])),
  },
  'lib/git': { ssh: [], protocol: [], pack: [], sign: ['ssh'] },
  'lib/kube': {
    kubeconfig: [],
    client: ['kubeconfig'],
    access: ['client'],
    informer: ['client'],
    election: ['client'],
    certificates: ['client', 'informer'],
  },
  'lib/net': { outbound: [] },
  'lib/yaml': { marker: [], field: [] },
  observe: {
    pipelines: [],
    secrets: [],
    applications: [],
    clusters: ['applications', 'secrets'],
    references: ['secrets', 'clusters'],
  },
  promote: { branch: [], 'pull-request': ['branch'], notification: [] },
  reconcile: { metrics: [] },
};

const LIBRARY_ENTRY = /^lib\/\w+\/(?:index|pure)\.ts$/;
/** What stands behind these needs no clock, no promise and no I/O. */
const PURE_ENTRY = /^lib\/(?:text\/index|\w+\/pure)\.ts$/;

/** The room that a file lies in: a library of `lib`, what lies in `lib` itself, or the first folder. */
function roomOf(path: string): string {
  const [first = path, second = ''] = path.split('/');
  if (first !== 'lib') return first;
  return second.endsWith('.ts') ? 'lib' : `lib/${second}`;
}

/** The folder of its room that a file belongs to; a face such as `forge.ts` belongs to the folder `forge` beside it. */
function folderOf(path: string): string | undefined {
  const room = roomOf(path);
  const [first = ''] = path.slice(room.length + 1).split('/');
  const name = first.replace(/\.ts$/, '');
  return name === '' || (first !== name && !FOLDERS[room]?.[name]) ? undefined : name;
}

export function mayUseRoom(from: string, to: string): boolean {
  return roomOf(from) === roomOf(to) || (ROOMS[roomOf(from)]?.includes(roomOf(to)) ?? false);
}

export function mayUseFolder(from: string, to: string): boolean {
  const [folder, other] = [folderOf(from), folderOf(to)];
  if (roomOf(from) !== roomOf(to) || folder === other || !folder || !other) return true;
  return FOLDERS[roomOf(from)]?.[folder]?.includes(other) ?? false;
}

/** Folders that the table does not name. */
export function withoutRow(paths: readonly string[]): string[] {
  const unknown = paths.filter((path) => {
    const folder = folderOf(path);
    return folder !== undefined && !FOLDERS[roomOf(path)]?.[folder];
  });
  return [...new Set(unknown.map((path) => `${roomOf(path)}/${folderOf(path)}`))];
}

export function isLibraryEntry(path: string): boolean {
  return LIBRARY_ENTRY.test(path);
}

/** Whether a library is entered by its index, and the validation of specs by its face. */
export function entersByIndex(from: string, to: string): boolean {
  if (/^lib\/\w+\//.test(to) && roomOf(from) !== roomOf(to)) return LIBRARY_ENTRY.test(to);
  return !to.startsWith('decide/validation/') || folderOf(from) === 'validation';
}

/** `api` and `decide` use the pure part of the libraries alone. */
export function staysPure(from: string, to: string): boolean {
  const enters = /^(?:api|decide)\//.test(from) && /^lib\/\w+\//.test(to);
  return !enters || PURE_ENTRY.test(to);
}

/** Needs no clock, no promise and no I/O, and nothing that it imports does. */
export function isPure(path: string): boolean {
  return path.startsWith('decide/') || PURE_ENTRY.test(path);
}
