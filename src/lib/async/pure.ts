export { doubled } from './backoff.ts';
