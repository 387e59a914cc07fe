/**
 * The lock on every page the panel ever shows, whoever made it: no navigation away, no new window, no webview, no
 * download, no permission. Set on the app and its session, so that a web contents nobody thought of has it too.
 */
import { app, type Session } from 'electron';
import { isUiAddress } from './ui-files.ts';

/** Counted so that tests can see a refusal, not just the absence of an effect. */
export const refused = { navigations: 0, windows: 0, permissions: 0, downloads: 0, webviews: 0 };

/** Call before the first window is made. */
export function guardEveryPage(): void {
  app.on('web-contents-created', (_event, contents) => {
    const refuseElsewhere = (event: { preventDefault(): void; url?: string }, url?: string) => {
      const target = event.url ?? url ?? '';
      if (isUiAddress(target)) return;
      refused.navigations += 1;
      event.preventDefault();
    };
    contents.on('will-frame-navigate', refuseElsewhere);
    contents.on('will-navigate', refuseElsewhere);
    contents.on('will-redirect', refuseElsewhere);
    contents.on('will-attach-webview', (event) => {
      refused.webviews += 1;
      event.preventDefault();
    });
    contents.setWindowOpenHandler(() => {
      refused.windows += 1;
      return { action: 'deny' };
    });
  });
}

/** Denies every permission and device, and cancels every download of this session. */
export function guardSession(session: Session): void {
  // Copying text is the one thing a page may ask for: error details, commands to run.
  const mayWriteClipboard = (permission: string, address: string) =>
    permission === 'clipboard-sanitized-write' && isUiAddress(address);
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const granted = mayWriteClipboard(permission, details.requestingUrl);
    if (!granted) refused.permissions += 1;
    answer(granted);
  });
  session.setPermissionCheckHandler((_contents, permission, origin) => mayWriteClipboard(permission, `${origin}/`));
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => {
    refused.downloads += 1;
    event.preventDefault();
  });
}
