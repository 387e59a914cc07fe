/** Serves the page from `app://ui/`, never from `file://`: an origin of its own, with headers. */
import { protocol, type Session } from 'electron';
import { serveUi, uiOrigin } from './ui-files.ts';

export const uiAddress = `${uiOrigin}/`;

/** Must run before the app is ready. */
export function registerUiScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: false, corsEnabled: false } },
  ]);
}

export function serveUiProtocol(session: Session, root: string): void {
  session.protocol.handle('app', async (request) => {
    if (request.method !== 'GET') return new Response(null, { status: 403 });
    const { status, headers, body } = await serveUi(root, request.url);
    return new Response(body as ConstructorParameters<typeof Response>[0], { status, headers: { ...headers } });
  });
}
