/** The native menu: what a person looks for there, and the shortcuts that come with it. */
import { app, type BrowserWindow, Menu, type MenuItemConstructorOptions } from 'electron';

/** `Quit` closes the window, so that the question about a running operation is asked there too. */
export function setMenu(window: BrowserWindow): void {
  const quit: MenuItemConstructorOptions = {
    label: 'Quit Quayside',
    accelerator: 'CommandOrControl+Q',
    click: () => window.close(),
  };
  const view: MenuItemConstructorOptions[] = [
    { role: 'reload' },
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
    ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
  ];
  const first: MenuItemConstructorOptions =
    process.platform === 'darwin'
      ? { label: 'Quayside', submenu: [{ role: 'about' }, { type: 'separator' }, { role: 'hide' }, quit] }
      : { label: 'File', submenu: [quit] };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      first,
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { label: 'Window', submenu: [{ role: 'minimize' }, { role: 'close' }] },
    ]),
  );
}
