/** Where the peer lives once fetched. */
export function composePeerPath(): string;
/** Fetches Docker Compose 2.26 unless it is there, and answers its path. */
export function ensureComposePeer(): Promise<string>;
