export function bundleTypescript(file: string, root: string): Promise<string>;
export function importTypescript(file: string, root: string): Promise<unknown>;
