import { createRandom as createPlain, type Random as Plain } from '../fuzz/random.ts';

export interface Random extends Plain {
  shuffled<T>(list: readonly T[]): T[];
}

export function createRandom(seed: string): Random {
  const plain = createPlain(seed);
  return {
    ...plain,
    shuffled(list) {
      const left = [...list];
      return list.flatMap(() => left.splice(plain.below(left.length), 1));
    },
  };
}
