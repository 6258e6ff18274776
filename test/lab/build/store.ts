import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LabEnvironment } from '../environment.ts';
import { type Component, type ComponentName, component } from './components.ts';

/** A component's place, and its parts that are still to be made. */
export interface Located {
  readonly component: Component;
  readonly binary: string;
  /** The path in the cache of the binary that is built from the pinned module, present or not. */
  readonly ownBinary: string;
  /** The directory that holds the module's asset directories under their own names. */
  readonly assets: string;
  readonly lacks: { readonly binary: boolean; readonly assets: boolean };
}

/** The binary and the assets of each component. */
export type Installed = ReadonlyMap<ComponentName, Located>;

/**
 * Looks for a component in the directories that are searched first, then in the cache, where everything
 * is named by its version: a changed pin is something new.
 */
export function locate(name: ComponentName, environment: LabEnvironment): Located {
  const wanted = component(name);
  const key = `${name}-${wanted.version}`;
  const assets = join(environment.cache, 'assets', key);
  const found = environment.searched.map((directory) => join(directory, name)).find(isExecutable);
  const built = join(environment.cache, 'bin', key);
  const isProgram = wanted.main !== undefined;
  const needsAssets = wanted.assets.length > 0 && !(isProgram && found !== undefined);
  return {
    component: wanted,
    binary: found ?? built,
    ownBinary: built,
    assets,
    lacks: {
      binary: isProgram && found === undefined && !existsSync(built),
      assets: needsAssets && !existsSync(assets),
    },
  };
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function binaryOf(installed: Installed, name: ComponentName): string {
  const located = installed.get(name);
  if (located === undefined) throw new Error(`${name} was not asked for when the lab was installed`);
  return located.binary;
}
