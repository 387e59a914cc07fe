/** What the command line of the window means. Switches of Electron and Chromium pass by unread. */
import { resolve } from 'node:path';

export interface DesktopArguments {
  /** `--data DIR` */
  readonly dataDir: string | undefined;
  /** `--env NAME`, default `dev`. */
  readonly environment: string;
  /** `--engine URL` */
  readonly engine: string | undefined;
  /** `--compose-dir DIR`: other compose files than the built-in ones. */
  readonly composeDir: string | undefined;
  /** `--user-data DIR`: where the panel itself keeps settings and window position. */
  readonly userDataDir: string | undefined;
}

/** Reads `--name value` and `--name=value`; the last of several wins. Relative folders are taken from `cwd`. */
export function readDesktopArguments(argv: readonly string[], cwd: string): DesktopArguments {
  const value = (name: string): string | undefined => {
    let found: string | undefined;
    for (const [index, argument] of argv.entries()) {
      if (argument === `--${name}`) found = argv[index + 1];
      else if (argument.startsWith(`--${name}=`)) found = argument.slice(name.length + 3);
    }
    return found === undefined || found === '' || found.startsWith('--') ? undefined : found;
  };
  const folder = (name: string): string | undefined => {
    const given = value(name);
    return given === undefined ? undefined : resolve(cwd, given);
  };
  return {
    dataDir: folder('data'),
    environment: value('env') ?? 'dev',
    engine: value('engine'),
    composeDir: folder('compose-dir'),
    userDataDir: folder('user-data'),
  };
}
