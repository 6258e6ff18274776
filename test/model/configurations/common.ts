import { moves } from '../alphabet/clusters.ts';

/** The parts that most configurations have in common. */
export const VERSIONS = ['1.0.0', '1.1.0', '1.2.0'];
/** Revisions without an order. */
export const COMMITS = ['a', 'b', 'c'].map((letter) => `main@sha1:${letter.repeat(40)}`);
export const TWO = { dev: 1, prod: 1 };
export const THREE = { dev: 1, staging: 1, prod: 1 };
export const dev = { environment: 'dev' };
export const staging = { environment: 'staging' };
export const prod = { environment: 'prod' };
export const next = moves(dev, VERSIONS, 1);
export const back = moves(dev, VERSIONS, -1);
