/** What only a desktop can do, as the handlers ask for it. Paths stay behind it. */
import type { OfferedFile } from '../shared/contract/contract.ts';
import type { Settings } from '../shared/model/settings.ts';

export interface SettingsPort {
  get(): Settings;
  /** Changes the given keys, answers the whole. */
  set(change: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Settings;
}

export interface DesktopPort {
  /** Electron's version. */
  readonly electron: string | null;
  readonly settings: SettingsPort;
  readonly files: {
    offer(paths: readonly string[]): Promise<OfferedFile[]>;
    resolve(tokens: readonly string[]): { path: string; name: string }[];
  };
  /** The system's dialog; empty when cancelled. */
  pickFiles(): Promise<string[]>;
  /** The same for the files of a Compose project. */
  pickComposeFiles(): Promise<string[]>;
  /** The same for one folder; null when cancelled. */
  pickFolder(): Promise<string | null>;
  /** The same for a file with a set of questions. */
  pickQuestions(): Promise<string | null>;
  /** Where to save a file; null when cancelled. @param name what it is called unless the person says otherwise */
  pickSave(name: string): Promise<string | null>;
  /** Shows a file or folder of ours in the file manager. */
  reveal(path: string): Promise<void>;
  /** Opens an address in the person's browser. http and https only. */
  openLink(url: string): Promise<void>;
  copy(text: string): void;
}
