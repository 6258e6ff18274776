import type { PipelineSpec, StoredPipeline } from '../../../src/api/pipeline.ts';
import type { Asked } from '../../../src/decide/promotion/poll.ts';
import { type Facts, raisedIn } from '../observer/facts.ts';
import type { World } from '../world/world.ts';

/** The state that a history has led to. */
export interface State {
  readonly world: World;
  /** The Pipeline as the API server has it. */
  readonly stored: StoredPipeline;
  /** The times of the last requests to forges; a process that ends forgets them. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** True while a process leads. */
  readonly up: boolean;
  /** The time at which the reconciler looks again by itself. */
  readonly wakeAt: number;
  /** The reports that Turnpike got, as an observer of both sides knows them. */
  readonly facts: Facts;
  /** Something that is going to happen between two steps of the reconciler. */
  readonly armed?: Armed;
  /** The Pipeline was deleted; `lost` while no process led, which closes nothing then. */
  readonly deleted?: 'seen' | 'lost';
}

export interface Armed {
  readonly at: string;
  readonly letter: string;
}

/** Something that Turnpike did to the world, and what was known when it decided to. */
export type Act = {
  readonly before: World;
  readonly known: Facts;
  readonly spec: PipelineSpec;
} & Deed;

export type Deed =
  | { readonly kind: 'create'; readonly url: string; readonly environment: string; readonly revision: string }
  /** `note`: something is added to the text, and the proposal stays. */
  | { readonly kind: 'update' | 'note'; readonly url: string; readonly number: number }
  | { readonly kind: 'merge' | 'schedule' | 'cancel'; readonly url: string; readonly number: number }
  | {
      readonly kind: 'close' | 'comment';
      readonly url: string;
      readonly number: number;
      readonly text: string;
    }
  | { readonly kind: 'status'; readonly url: string; readonly commit: string; readonly state: string }
  | {
      readonly kind: 'push';
      readonly url: string;
      readonly branch: string;
      readonly environment: string;
      readonly revision: string;
      /** The commits of people that are still on the branch. */
      readonly keeps: readonly string[];
    }
  | { readonly kind: 'direct'; readonly url: string; readonly environment: string; readonly revision: string }
  | {
      readonly kind: 'notify';
      readonly environment: string;
      readonly revision: string;
      readonly name: string;
    };

/** A state in the making. */
export interface Box {
  world: World;
  stored: StoredPipeline;
  asked: Map<string, Asked>;
  up: boolean;
  wakeAt: number;
  facts: Facts;
  /** The facts at the reconciler's last look. */
  basis: Facts;
  armed: Armed | undefined;
  deleted: State['deleted'];
  /** Another writer changed the Pipeline, or a watched application changed. */
  isDirty: boolean;
  /** Statuses that Turnpike has written. */
  writes: number;
  readonly acts: Act[];
  readonly problems: string[];
}

export function opened(state: State): Box {
  return {
    ...state,
    armed: state.armed,
    deleted: state.deleted,
    asked: new Map(state.asked),
    basis: state.facts,
    isDirty: false,
    writes: 0,
    acts: [],
    problems: [],
  };
}

export function closed({ world, stored, asked, up, wakeAt, facts, armed, deleted }: Box): State {
  return { world, stored, asked, up, wakeAt, facts, ...(armed && { armed }), ...(deleted && { deleted }) };
}

export function did(box: Box, deed: Deed): void {
  const { spec } = box.stored;
  if (!spec.ok) throw new Error('the spec is broken');
  box.acts.push({ before: box.world, known: box.basis, spec: spec.value, ...deed });
  if (deed.kind === 'notify') box.facts = raisedIn(box.facts, deed.environment);
}
