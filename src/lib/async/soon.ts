/** A value at once, where it is known: no promise is made for each of many who ask. */
export type Soon<T> = T | Promise<T>;
