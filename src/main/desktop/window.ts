/** The one factory of windows. What a page may do is decided here and in guard.ts, nowhere else. */
import { join } from 'node:path';
import { app, BrowserWindow, nativeTheme, screen } from 'electron';
import { uiAddress } from './ui-protocol.ts';
import { firstSize, minSize, readWindowState, usableBounds, writeWindowState } from './window-state.ts';

/** The page's own background, so that the window never flashes; kept in step with the canvas of src/renderer/app/tokens.css. */
const background = { light: '#f2f6f7', dark: '#0a151b' } as const;

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  /** Where bounds and theme are kept. */
  readonly stateFile: string;
}

/** Makes the window and starts loading the page; shows it once it has painted. */
export function openWindow(options: WindowOptions): BrowserWindow {
  const kept = readWindowState(options.stateFile);
  nativeTheme.themeSource = kept.theme;
  const screens = screen.getAllDisplays().map((display) => display.workArea);
  const window = new BrowserWindow({
    ...firstSize,
    ...usableBounds(kept.bounds, screens),
    minWidth: minSize.width,
    minHeight: minSize.height,
    show: false,
    title: 'Quayside',
    icon: options.icon,
    backgroundColor: background[nativeTheme.shouldUseDarkColors ? 'dark' : 'light'],
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      enableWebSQL: false,
      disableBlinkFeatures: 'Auxclick',
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  window.once('ready-to-show', () => {
    if (kept.maximized) window.maximize();
    window.show();
  });
  nativeTheme.on('updated', () => {
    if (!window.isDestroyed()) {
      window.setBackgroundColor(background[nativeTheme.shouldUseDarkColors ? 'dark' : 'light']);
    }
  });
  window.on('close', () => {
    writeWindowState(options.stateFile, {
      bounds: window.getNormalBounds(),
      maximized: window.isMaximized(),
      theme: nativeTheme.themeSource,
    });
  });
  reloadAfterCrash(window);
  void window.loadURL(uiAddress).catch(() => undefined);
  return window;
}

/** A page that died comes back once by itself; one that dies again at once stays down rather than loop. */
function reloadAfterCrash(window: BrowserWindow): void {
  let lastAtMs = 0;
  window.webContents.on('render-process-gone', (_event, details) => {
    if (details.reason === 'clean-exit' || window.isDestroyed()) return;
    const now = performance.now();
    if (lastAtMs !== 0 && now - lastAtMs < 10_000) return;
    lastAtMs = now;
    window.webContents.reload();
  });
}

/** Icons and the like: beside the app while developing, in the resources folder once packaged. */
export function appFolders(): { root: string; ui: string; preload: string } {
  const app_ = app.getAppPath();
  return {
    root: app.isPackaged ? process.resourcesPath : app_,
    ui: join(app_, 'out', 'renderer'),
    preload: join(app_, 'out', 'preload', 'preload.cjs'),
  };
}
