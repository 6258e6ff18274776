import type { Random } from './random.ts';
import { NUMBERS, TEXTS, URLS } from './tokens.ts';

/** Mutations of JSON values: what comes out is JSON again and gets past the parser. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Holder = Json[] | { [key: string]: Json };

interface Slot {
  readonly holder: Holder;
  readonly key: string;
}

type Mutation = (slot: Slot, slots: readonly Slot[], random: Random) => void;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  replace,
  replace,
  spoilText,
  spoilText,
  spoilText,
  remove,
  duplicate,
  swap,
  copy,
  changeType,
  rename,
  add,
  multiply,
];

/** A copy with 1 to 3 changes below the top. */
export function mutateTree(value: Json, random: Random): Json {
  const root: Holder = [structuredClone(value)];
  const times = 1 + random.below(3);
  for (let done = 0; done < times; done += 1) {
    const slots = slotsOf(root);
    const slot = random.pickAny(slots.length > 1 ? slots.slice(1) : slots);
    if (slot) random.pick(MUTATIONS)(slot, slots, random);
  }
  return root[0] ?? null;
}

/** Any value, mostly a small one. */
export function anyValue(random: Random): Json {
  const kind = random.below(10);
  if (kind < 4) return random.pick(TEXTS);
  if (kind < 6) return random.pick(URLS);
  if (kind === 6) return random.pick(NUMBERS);
  if (kind === 7) return random.pick([null, true, false]);
  if (kind === 8) return random.chance(0.5) ? [] : [anyValue(random)];
  return random.chance(0.5) ? {} : { [random.pick(TEXTS)]: anyValue(random) };
}

function slotsOf(holder: Holder): Slot[] {
  const slots: Slot[] = [];
  const open: Holder[] = [holder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [key, child] of Object.entries(next)) {
      slots.push({ holder: next, key });
      if (isHolder(child)) open.push(child);
    }
  }
  return slots;
}

function isHolder(value: Json): value is Holder {
  return typeof value === 'object' && value !== null;
}

function get({ holder, key }: Slot): Json {
  return Object.getOwnPropertyDescriptor(holder, key)?.value ?? null;
}

/** An assignment to `__proto__` would not make a member of that name. */
function set({ holder, key }: Slot, value: Json): void {
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
}

function replace(slot: Slot, _: readonly Slot[], random: Random): void {
  set(slot, anyValue(random));
}

function spoilText(slot: Slot, _: readonly Slot[], random: Random): void {
  const value = get(slot);
  if (typeof value !== 'string') {
    replace(slot, _, random);
    return;
  }
  const at = random.below(value.length + 1);
  const end = random.chance(0.5) ? at : at + random.below(4);
  const token = random.chance(0.8) ? random.pick(TEXTS) : String.fromCharCode(random.below(0x250));
  set(slot, value.slice(0, at) + token + value.slice(end));
}

function remove({ holder, key }: Slot): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
}

function duplicate(slot: Slot, _: readonly Slot[], random: Random): void {
  const copied = structuredClone(get(slot));
  if (Array.isArray(slot.holder)) slot.holder.splice(Number(slot.key), 0, copied);
  else set({ holder: slot.holder, key: random.pick(TEXTS) }, copied);
}

function swap(slot: Slot, slots: readonly Slot[], random: Random): void {
  const other = random.pickAny(slots) ?? slot;
  const [mine, theirs] = [structuredClone(get(slot)), structuredClone(get(other))];
  set(slot, theirs);
  set(other, mine);
}

function copy(slot: Slot, slots: readonly Slot[], random: Random): void {
  set(slot, structuredClone(get(random.pickAny(slots) ?? slot)));
}

function changeType(slot: Slot, _: readonly Slot[], random: Random): void {
  const value = get(slot);
  const text = JSON.stringify(value).slice(0, 1000);
  set(slot, structuredClone(random.pick<Json>([[value], { value }, text, null, [], {}])));
}

function rename({ holder, key }: Slot, slots: readonly Slot[], random: Random): void {
  const value = get({ holder, key });
  const name = random.chance(0.5) ? random.pick(TEXTS) : (random.pickAny(slots)?.key ?? key);
  remove({ holder, key });
  if (Array.isArray(holder)) holder.push(value);
  else set({ holder, key: name }, value);
}

function add({ holder }: Slot, slots: readonly Slot[], random: Random): void {
  const name = random.chance(0.5) ? random.pick(TEXTS) : (random.pickAny(slots)?.key ?? 'a');
  if (Array.isArray(holder)) holder.push(anyValue(random));
  else set({ holder, key: name }, anyValue(random));
}

/** Long lists of the same; now and then beyond every bound. */
function multiply(slot: Slot, _: readonly Slot[], random: Random): void {
  const value = get(slot);
  if (JSON.stringify(value).length > 2000) return;
  const times = random.pick([2, 49, 50, 51, 1001]);
  const copies = Array.from({ length: times }, () => structuredClone(value));
  if (Array.isArray(slot.holder)) slot.holder.push(...copies);
  else set(slot, copies);
}
