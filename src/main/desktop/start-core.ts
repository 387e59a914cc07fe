/**
 * Everything behind the window: core, handlers, dispatcher, settings. A module of its own so that the entry loads it
 * (and all it brings) only after the first paint.
 */
import { join } from 'node:path';
import { app, type BrowserWindow, clipboard, dialog, nativeTheme, shell } from 'electron';
import { defaultDataDir } from '../config/environment.ts';
import { type Core, createCore } from '../core.ts';
import type { DesktopPort, SettingsPort } from '../desktop-port.ts';
import { createDispatcher } from '../dispatch.ts';
import { createHandlers } from '../handlers.ts';
import type { DesktopArguments } from './arguments.ts';
import { createFileTokens } from './file-tokens.ts';
import type { Service } from './ipc-server.ts';
import { openSettings } from './settings-store.ts';

export interface Started extends Service {
  readonly core: Core;
}

export async function startCore(given: DesktopArguments, root: string, window: BrowserWindow): Promise<Started> {
  const settings = followTheme(openSettings(app.getPath('userData')));
  const engine = given.engine ?? (settings.get().engine || undefined);
  const core = await createCore({
    dataDir: given.dataDir ?? defaultDataDir(),
    environment: given.environment,
    engine,
    composeDir: given.composeDir ?? join(root, 'compose'),
    samplesDir: join(root, 'resources', 'samples'),
    appVersion: app.getVersion(),
    variables: process.env,
  });
  const files = createFileTokens();
  const desktop: DesktopPort = {
    electron: process.versions.electron ?? null,
    settings,
    files,
    async pickFiles() {
      const { filePaths } = await dialog.showOpenDialog(window, {
        title: 'Add documents',
        buttonLabel: 'Add',
        properties: ['openFile', 'multiSelections'],
        filters: [
          { name: 'Documents', extensions: ['md', 'markdown', 'txt', 'html', 'htm', 'pdf', 'docx', 'csv', 'tsv'] },
          { name: 'All files', extensions: ['*'] },
        ],
      });
      return filePaths;
    },
    async pickComposeFiles() {
      const { filePaths } = await dialog.showOpenDialog(window, {
        title: 'Open a Compose project',
        buttonLabel: 'Open',
        properties: ['openFile', 'multiSelections'],
        filters: [
          { name: 'Compose files', extensions: ['yaml', 'yml'] },
          { name: 'All files', extensions: ['*'] },
        ],
      });
      return filePaths;
    },
    async pickFolder() {
      const { filePaths } = await dialog.showOpenDialog(window, {
        title: 'Keep up with a folder',
        buttonLabel: 'Choose',
        properties: ['openDirectory'],
      });
      return filePaths[0] ?? null;
    },
    async pickQuestions() {
      const { filePaths } = await dialog.showOpenDialog(window, {
        title: 'Import a set of questions',
        buttonLabel: 'Import',
        properties: ['openFile'],
        filters: [
          { name: 'Sets of questions', extensions: ['json'] },
          { name: 'All files', extensions: ['*'] },
        ],
      });
      return filePaths[0] ?? null;
    },
    async pickSave(name) {
      const { canceled, filePath } = await dialog.showSaveDialog(window, {
        title: 'Save',
        defaultPath: join(app.getPath('documents'), name),
        properties: ['showOverwriteConfirmation', 'createDirectory'],
      });
      return canceled || filePath === '' ? null : filePath;
    },
    async reveal(path) {
      shell.showItemInFolder(path);
    },
    async openLink(url) {
      // Anything but a web page could start a program.
      if (/^https?:$/.test(new URL(url).protocol)) await shell.openExternal(url);
    },
    copy(text) {
      clipboard.writeText(text);
    },
  };
  const door = createDispatcher(createHandlers(core, desktop), {
    checkOutput: !app.isPackaged,
    redact: core.redact,
    onBug: (name, error) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`quayside: ${name}: ${core.redact(text)}\n`);
    },
  });
  return { core, door, files };
}

/** The window's own colours follow the setting, now and on each change. */
function followTheme(settings: SettingsPort): SettingsPort {
  nativeTheme.themeSource = settings.get().theme;
  return {
    get: settings.get,
    set(change) {
      const whole = settings.set(change);
      nativeTheme.themeSource = whole.theme;
      return whole;
    },
  };
}
