import { errorMessage } from '../../lib/errors.ts';
import { oneLine } from '../../lib/text/index.ts';
import type { Command, Io } from '../command.ts';
import { CLUSTER_FLAGS, connect } from '../connect.ts';
import { describeFlags } from '../flags.ts';
import { type GetArguments, readGetArguments } from './arguments.ts';
import { createPrinter } from './print.ts';
import { followPipelines, readPipelines } from './read.ts';

const USAGE = 'Usage: turnpike get [NAME] [-n NAMESPACE|-A] [-o table|json|yaml] [-w]';

function help(): string {
  return `${USAGE}

Shows Pipelines: what runs in each environment, what comes next, and in one sentence what it waits for.
Problems of a Pipeline as a whole are listed below the table.

Examples:
  turnpike get                      all Pipelines of the current namespace
  turnpike get podinfo -n apps      one of them
  turnpike get -A -w                all of the cluster, and each change as it comes
  turnpike get podinfo -o yaml      the object with all of its status

  -n, --namespace NAMESPACE
      Default: the namespace of the kubeconfig's context.
  -A, --all-namespaces
      All namespaces.
  -o, --output table|json|yaml
      Default: table. json and yaml give the objects as the API server has them, without managedFields.
  -w, --watch
      Keep watching, and show each Pipeline that changes, until Ctrl-C.
${describeFlags(CLUSTER_FLAGS)}

The columns: CURRENT is the revision of the targets, several with / between them; READY counts the targets that
are ready; NEXT is the revision that is being promoted, PHASE how far it is and SINCE for how long. Without one,
SINCE is the age of the last deployment. MESSAGE says what the environment waits for.
`;
}

/** The command `turnpike get`. */
export const get: Command = {
  summary: 'shows Pipelines, and what each environment waits for',
  help,
  async run(args, io) {
    const given = readGetArguments(args);
    if (typeof given === 'string') {
      io.err(`turnpike get: ${given}\n${USAGE}\nturnpike get --help explains it.\n`);
      return 2;
    }
    try {
      return await show(given, io);
    } catch (error) {
      io.err(`turnpike get: ${oneLine(errorMessage(error))}\n`);
      return 1;
    }
  },
};

async function show(given: GetArguments, io: Io): Promise<number> {
  const client = connect(given.cluster, io.environment);
  try {
    const namespace = given.allNamespaces ? undefined : (given.namespace ?? client.config.namespace);
    const request = { client, namespace, name: given.name, signal: io.signal };
    const printer = createPrinter(given, io);
    const found = await readPipelines(request);
    if (found.length === 0 && !given.watch) {
      const where = namespace === undefined ? 'this cluster' : `namespace ${namespace}`;
      io.err(
        `No Pipelines found in ${where}.${namespace === undefined ? '' : ' Use -A for all namespaces.'}\n`,
      );
      return 0;
    }
    printer.all(found);
    if (given.watch) await followPipelines(request, found, printer);
    return 0;
  } finally {
    client.close();
  }
}
