/**
 * The window's entry. First the lock, then the page, then (after its first paint) everything else: whatever main does
 * between loadURL and that paint delays it (measured: 140 ms for loading the core at ready-to-show), so it does nothing.
 */
import { join } from 'node:path';
import { app, type BrowserWindow, dialog, ipcMain, session } from 'electron';
import { readDesktopArguments } from './arguments.ts';
import { guardEveryPage, guardSession } from './guard.ts';
import { channels } from './ipc-names.ts';
import { createIpcServer } from './ipc-server.ts';
import { setMenu } from './menu.ts';
import type { Started } from './start-core.ts';
import { registerUiScheme, serveUiProtocol } from './ui-protocol.ts';
import { appFolders, openWindow } from './window.ts';

/** Longest wait for what is under way when the panel quits; then the journal tells the next start. */
const closeTimeoutMs = 15_000;
/** The core starts by then even if the page never paints: a broken page must not hide a running stack. */
const paintTimeoutMs = 5000;

const given = readDesktopArguments(process.argv, process.cwd());
app.setName('Quayside');
if (given.userDataDir !== undefined) app.setPath('userData', given.userDataDir);

// A packaged panel takes no orders from whoever can add a switch to its launch: each of these runs foreign code in it.
const foreignCode = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'inspect',
  'inspect-brk',
  'js-flags',
  'load-extension',
];
if (app.isPackaged && foreignCode.some((name) => app.commandLine.hasSwitch(name))) {
  process.stderr.write('quayside: debugging switches are not accepted\n');
  app.exit(2);
} else if (app.requestSingleInstanceLock()) {
  registerUiScheme();
  guardEveryPage();
  app.whenReady().then(start, fail);
} else {
  app.quit();
}

function start(): void {
  const folders = appFolders();
  guardSession(session.defaultSession);
  serveUiProtocol(session.defaultSession, folders.ui);

  const window = openWindow({
    preload: folders.preload,
    icon: join(folders.root, 'resources', 'icon.png'),
    stateFile: join(app.getPath('userData'), 'window.json'),
  });
  const started = painted().then(async () => {
    const { startCore } = await import('./start-core.ts');
    return startCore(given, folders.root, window);
  });
  started.then(
    () => setMenu(window),
    (error: unknown) => process.stderr.write(`quayside: ${error instanceof Error ? error.message : String(error)}\n`),
  );
  createIpcServer(started).admit(window.webContents);

  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  });
  app.on('window-all-closed', () => app.quit());
  quitInOrder(window, started);
}

/** Resolves when the page says that it has painted: `ready-to-show` is too early, the frame is still on its way then. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, paintTimeoutMs);
    ipcMain.once(channels.painted, () => {
      clearTimeout(late);
      resolve();
    });
  });
}

/** Closing asks when something is under way; quitting lets it reach a known state first. The stack itself runs on. */
function quitInOrder(window: BrowserWindow, started: Promise<Started>): void {
  let core: Started['core'] | undefined;
  let quitting = false;
  let sure = false;
  started.then(
    (all) => {
      core = all.core;
    },
    () => undefined,
  );
  app.on('before-quit', () => {
    quitting = true;
  });
  window.on('close', (event) => {
    const running = core?.runner.list().filter((operation) => operation.state === 'running') ?? [];
    const first = running[0];
    if (quitting || sure || first === undefined) return;
    event.preventDefault();
    const question = dialog.showMessageBox(window, {
      type: 'question',
      message: `"${first.title}" is still under way.`,
      detail: 'Quitting now stops it at the next safe point. Services that run already keep running.',
      buttons: ['Keep the window', 'Stop it and quit'],
      defaultId: 0,
      cancelId: 0,
    });
    question.then(({ response }) => {
      sure = response === 1;
      if (sure) window.close();
    }, fail);
  });
  let closed = false;
  app.on('will-quit', (event) => {
    if (closed || core === undefined) return;
    event.preventDefault();
    closed = true;
    const timeout = new Promise((resolve) => setTimeout(resolve, closeTimeoutMs));
    Promise.race([core.close(), timeout]).then(() => app.exit(0), fail);
  });
}

function fail(error: unknown): void {
  process.stderr.write(`quayside: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  app.exit(1);
}
