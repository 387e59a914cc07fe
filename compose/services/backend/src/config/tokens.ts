/** Names under which Nest injects what is not a class. Explicit, so that no compiler needs to emit types at run time. */
export const SETTINGS = Symbol('settings');
