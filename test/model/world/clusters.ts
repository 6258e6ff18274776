import type { App, Letter, World } from './world.ts';

/** Events of applications on clusters, and Flux's events about them. */

/** A world after something happened, and Flux's events about it. */
export interface Happening {
  readonly world: World;
  readonly letters: readonly Letter[];
}

export function appsOf({ clusters }: World, environment: string): readonly App[] {
  return clusters[environment] ?? [];
}

export function appAt(world: World, environment: string, target: number): App | undefined {
  return appsOf(world, environment)[target];
}

function withApp(world: World, environment: string, target: number, change: Partial<App>): World {
  const apps = appsOf(world, environment).map((app, index) =>
    index === target ? { ...app, ...change } : app,
  );
  return { ...world, clusters: { ...world.clusters, [environment]: apps } };
}

type Word = Pick<Letter, 'reason' | 'severity' | 'revision'>;

function eventOf(world: World, environment: string, target: number, word: Word): Letter {
  return { environment, target, ...word, at: world.now };
}

/** The revision is deployed and ready. */
export function deploy(world: World, environment: string, target: number, revision: string): Happening {
  const { failed: _, ...app } = appAt(world, environment, target) ?? GONE;
  const changed = {
    ...app,
    exists: true,
    runs: revision,
    ready: true,
    isReconciled: false,
    reason: 'UpgradeSucceeded',
    deployedAt: world.now,
    ...(app.runs !== undefined && { before: app.runs }),
  };
  const apps = appsOf(world, environment).map((one, index) => (index === target ? changed : one));
  const next = { ...world, clusters: { ...world.clusters, [environment]: apps } };
  const word = { reason: 'UpgradeSucceeded', severity: 'info', revision } as const;
  return { world: next, letters: [eventOf(next, environment, target, word)] };
}

const GONE: App = { exists: false, readable: true, ready: false, reason: '', deployedAt: 0 };

/** The upgrade fails: the revision before still runs, and is not ready. */
export function fail(world: World, environment: string, target: number, revision: string): Happening {
  const next = withApp(world, environment, target, {
    ready: false,
    failed: revision,
    reason: 'UpgradeFailed',
  });
  const word = { reason: 'UpgradeFailed', severity: 'error', revision } as const;
  return { world: next, letters: [eventOf(next, environment, target, word)] };
}

/** helm-controller reports the upgrade before it runs the tests; they fail, and it goes back. */
export function failTests(world: World, environment: string, target: number): Happening {
  const { runs = '', before } = appAt(world, environment, target) ?? GONE;
  const back = before ?? runs;
  const change = {
    runs: back,
    ready: false,
    failed: runs,
    reason: 'RollbackSucceeded',
    deployedAt: world.now,
  };
  const next = withApp(world, environment, target, change);
  return {
    world: next,
    letters: [
      eventOf(next, environment, target, { reason: 'TestFailed', severity: 'error', revision: runs }),
      eventOf(next, environment, target, { reason: 'RollbackSucceeded', severity: 'info', revision: back }),
    ],
  };
}

/** Ready is not True for a while, and nothing else changes. */
export function falter(world: World, environment: string, target: number): Happening {
  const next = withApp(world, environment, target, { ready: false, reason: 'ArtifactFailed' });
  return { world: next, letters: [] };
}

/** The running revision is ready again, as the next interval finds. */
export function recover(world: World, environment: string, target: number): Happening {
  const { failed, ...app } = appAt(world, environment, target) ?? GONE;
  const deployedAt = failed === undefined ? app.deployedAt : world.now;
  const apps = appsOf(world, environment).map((one, index) =>
    index === target ? { ...app, ready: true, reason: 'UpgradeSucceeded', deployedAt } : one,
  );
  const next = { ...world, clusters: { ...world.clusters, [environment]: apps } };
  const word = { reason: 'UpgradeSucceeded', severity: 'info', revision: app.runs ?? '' } as const;
  return { world: next, letters: [eventOf(next, environment, target, word)] };
}

/** kustomize-controller sends an event at each interval. */
export function repeat(world: World, environment: string, target: number): Happening {
  const revision = appAt(world, environment, target)?.runs ?? '';
  const word = { reason: 'ReconciliationSucceeded', severity: 'info', revision } as const;
  return { world, letters: [eventOf(world, environment, target, word)] };
}

/** kustomize-controller sets Ready to Unknown while it reconciles what runs already. */
export function reconcile(world: World, environment: string, target: number, isReconciled: boolean): World {
  return withApp(world, environment, target, { isReconciled });
}

/** Ends every reconciliation that is under way. */
export function reconciled(world: World): World {
  const clusters = Object.entries(world.clusters).map(([name, apps]) => [
    name,
    apps.map((app) => (app.isReconciled ? { ...app, isReconciled: false } : app)),
  ]);
  return { ...world, clusters: Object.fromEntries(clusters) };
}

export function remove(world: World, environment: string, target: number): Happening {
  const change = { exists: false, ready: false, reason: '' };
  return { world: withApp(world, environment, target, change), letters: [] };
}

/** Turnpike can, or cannot, ask this cluster any more. */
export function reach(world: World, environment: string, target: number, readable: boolean): World {
  return withApp(world, environment, target, { readable });
}
