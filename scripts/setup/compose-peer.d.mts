/** Where the peer lives once fetched. */
export function composePeerPath(): string;
/** Fetches Docker Compose 2.26 unless it is there, and answers its path. */
export function ensureComposePeer(): Promise<string>;
/** Downloads a Debian package into the folder and answers the archive's path. */
export function downloadPackage(scratch: string, name: string, distribution: string): Promise<string>;
