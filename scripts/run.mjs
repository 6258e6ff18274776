// Runs a TypeScript program of this repository with Bun, from a checkout where nothing is installed yet:
//   node scripts/run.mjs <file.ts> [arguments]
// This file is plain JavaScript for Node and needs no package, because it is what installs them.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MAJOR = 20;
/** npm leaves its own copy of the lock file in node_modules when it has installed everything. */
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');

/** The commands that each program calls besides Bun. Go is asked for only when something has to be built with it. */
const NEEDS = {
  'bench/main.ts': ['bash', 'git', 'kubectl'],
  'demo/main.ts': ['bash', 'git', 'kubectl'],
  'test/run.ts': ['bash', 'git', 'kubectl', 'openssl', 'ssh-keygen'],
};

/** A package of Debian for each; other systems call them much the same. */
const PACKAGES = {
  bash: 'bash',
  git: 'git',
  kubectl: 'kubernetes-client',
  openssl: 'openssl',
  'ssh-keygen': 'openssh-client',
};

const [file, ...args] = process.argv.slice(2);
if (file === undefined) fail('usage: node scripts/run.mjs <file.ts> [arguments]', 2);
checkNode();
checkPrograms(NEEDS[file] ?? []);
if (isInstallNeeded()) await install();
await run(file, args);

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR) {
    fail(`Node ${NODE_MAJOR} or newer is needed, and this is ${process.versions.node}; install a newer one.`);
  }
}

function checkPrograms(names) {
  const missing = names.filter((name) => !isOnPath(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => PACKAGES[name]).join(' ');
  fail(
    `Not found on the PATH: ${missing.join(', ')}; install what is missing (Debian: apt-get install ${packages}).`,
  );
}

function isOnPath(name) {
  const directories = (process.env.PATH ?? '').split(':').filter((directory) => directory !== '');
  return directories.some((directory) => canExecute(join(directory, name)));
}

function canExecute(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isInstallNeeded() {
  return modified(INSTALLED) < modified(join(ROOT, 'package-lock.json'));
}

/** The file's modification time in milliseconds; 0 when it does not exist. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

async function install() {
  process.stderr.write('Installing the npm packages of package-lock.json ...\n');
  const started = Date.now();
  await npm('ci', '--ignore-scripts', '--no-audit', '--no-fund');
  // Only Bun's own install script runs: it puts the binary for this platform in its place.
  await npm('rebuild', 'bun');
  process.stderr.write(`Installed in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

async function npm(...command) {
  const child = spawn('npm', [...command, '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = [];
  child.stdout.on('data', (chunk) => printed.push(chunk));
  const { code } = await ended(child);
  if (code === 0) return;
  // A partial installation must not be taken for a complete one the next time.
  rmSync(INSTALLED, { force: true });
  fail(`${Buffer.concat(printed)}npm ${command[0]} failed; what it said is above.`);
}

/** Passes arguments, standard streams, signals and exit status through. */
async function run(program, programArgs) {
  const bun = join(ROOT, 'node_modules', '.bin', 'bun');
  const child = spawn(bun, [program, ...programArgs], { cwd: ROOT, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  stopWithNpm(child);
  const { code, signal } = await ended(child);
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * npm cannot report that it is killed, so this process watches it. Programs started in other ways may
 * outlive the shell that they were started from.
 */
function stopWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const watched = npmProcesses();
  const timer = setInterval(() => {
    if (!watched.every(isRunning)) child.kill('SIGTERM');
  }, 1000);
  timer.unref();
}

/** Our parent, and npm itself when it started us through a shell that stays. */
function npmProcesses() {
  const parent = process.ppid;
  const described = spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(parent)], { encoding: 'utf8' });
  const [, grandparent, name] = /^\s*(\d+)\s+(\S+)/.exec(described.stdout ?? '') ?? [];
  return /(^|\/)(ba|da|z)?sh$/.test(name ?? '') ? [parent, Number(grandparent)] : [parent];
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function ended(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => fail(`cannot run ${child.spawnfile}: ${error.message}`));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function fail(sentence, status = 1) {
  process.stderr.write(`${sentence}\n`);
  process.exit(status);
}
