import { describe, expect, it } from 'vitest';
import { readDesktopArguments } from './arguments.ts';

const none = {
  dataDir: undefined,
  environment: 'dev',
  engine: undefined,
  composeDir: undefined,
  userDataDir: undefined,
};

describe('readDesktopArguments', () => {
  it.each([
    ['nothing', [], none],
    ['Electron and Chromium switches', ['/usr/bin/electron', '--no-sandbox', '--disable-gpu', '.'], none],
    [
      'both forms, relative and absolute',
      ['e', '.', '--data', 'd', '--env=staging', '--engine', 'unix:///x.sock', '--compose-dir=/c', '--user-data', '/u'],
      {
        dataDir: '/cwd/d',
        environment: 'staging',
        engine: 'unix:///x.sock',
        composeDir: '/c',
        userDataDir: '/u',
      },
    ],
    ['a name without a value', ['e', '--data', '--env', 'prod'], { ...none, environment: 'prod' }],
    ['the last of several', ['e', '--env', 'a', '--env', 'b'], { ...none, environment: 'b' }],
  ])('reads %s', (_case, argv, expected) => {
    expect(readDesktopArguments(argv, '/cwd')).toEqual(expected);
  });
});
