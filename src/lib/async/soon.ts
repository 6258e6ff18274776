/** What is known is had at once: no promise is made for each of many who ask. */
export type Soon<T> = T | Promise<T>;
