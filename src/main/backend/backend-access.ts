/** Where the stack's backend is and how to prove who we are. */
export interface BackendAccess {
  /** `http://127.0.0.1:7420`; null while the stack publishes none. */
  url(): string | null;
  /** The bearer token. Read for each request, never kept, logged or shown. */
  token(): Promise<string>;
}
