/** The panel's own settings in electron-store, parsed when read: a hand-edited file falls back key by key, it never stops the panel. */
import { ipcMain } from 'electron';
import ElectronStore from 'electron-store';
import { defaultSettings, type Settings, settingsSchema } from '../../shared/model/settings.ts';
import type { SettingsPort } from '../desktop-port.ts';

export function openSettings(folder: string): SettingsPort {
  const store = new ElectronStore<Record<string, unknown>>({
    cwd: folder,
    name: 'settings',
    clearInvalidConfig: true,
    configFileMode: 0o600,
  });
  // electron-store opens a channel of its own that answers any sender; nobody here uses it.
  ipcMain.removeAllListeners('electron-store-get-data');

  function get(): Settings {
    const kept = Object.fromEntries(
      Object.entries(settingsSchema.shape).flatMap(([key, schema]) => {
        const parsed = schema.safeParse(store.get(key));
        return parsed.success ? [[key, parsed.data]] : [];
      }),
    );
    return { ...defaultSettings, ...kept };
  }

  return {
    get,
    set(change) {
      store.set(Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)));
      return get();
    },
  };
}
