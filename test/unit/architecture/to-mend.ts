/** What runs against the house still. The lists only shrink, and go with their last line. */

/** How many imports lead from the first folder to the second one, which it may not know. */
export const FOLDERS: Readonly<Record<string, number>> = {
};
