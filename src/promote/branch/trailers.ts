/** Names the commit of others that one of ours goes on from. */
const KEEPS = 'Turnpike-Keeps';
const KEEPS_LINE = /^Turnpike-Keeps: /m;
/** Names the tip that had nothing of others, and that one of ours goes on from where no force push is taken. */
const REPLACES = 'Turnpike-Replaces';
const REPLACES_LINE = /^Turnpike-Replaces: ([0-9a-f]{40})$/m;

const OWNER_LINE = /^Turnpike-Pipeline: (\S+)$/gm;

/** Whose commit it is, by the line that every commit of ours carries. */
export function ownerOf(message: string): string | undefined {
  return ownerLine(message)?.[1];
}

/** The last one is ours: what stands before it may come from a template of the Pipeline. */
function ownerLine(message: string): RegExpExecArray | undefined {
  return [...message.matchAll(OWNER_LINE)].at(-1);
}

/** The trailers behind the line that says whose commit it is. */
function trailersOf(message: string): string {
  const line = ownerLine(message);
  return line ? message.slice(line.index) : '';
}

/** The message of a commit that goes on top of others' work: a later process must not take it for one on the base. */
export function keeping(message: string, tip: string): string {
  return withTrailer(message, `${KEEPS}: ${tip}`);
}

/** The message of a commit that takes a branch's place without a force push: the base branch and this tip are its parents. */
export function replacing(message: string, tip: string): string {
  return withTrailer(message, `${REPLACES}: ${tip}`);
}

function withTrailer(message: string, trailer: string): string {
  const gap = ownerOf(message) === undefined ? '\n\n' : '\n';
  return `${message.trimEnd()}${gap}${trailer}\n`;
}

/** True: the commit goes on from others' work. */
export function keepsOthers(message: string): boolean {
  return KEEPS_LINE.test(trailersOf(message));
}

/** The tip that it takes the place of without a force push. */
export function replacedBy(message: string): string | undefined {
  return REPLACES_LINE.exec(trailersOf(message))?.[1];
}
