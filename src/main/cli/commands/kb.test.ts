/** Sharing on a terminal: who is meant by an address or an id, what is said, and how wrong use ends. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../../../shared/model/accounts.ts';
import type { KnowledgeBase, Member } from '../../../shared/model/knowledge.ts';
import { ProblemError } from '../../../shared/model/problem.ts';
import type { Context } from '../command.ts';
import { exitCodeOf } from '../exit-code.ts';
import { kb } from './kb.ts';

const user = (id: string, email: string | null, name: string): User => ({
  id,
  email,
  name,
  role: 'user',
  hasPassword: true,
  disabled: false,
  createdAtMs: 1,
});
const users = [user('u0', null, 'Owner'), user('u1', 'ada@example.org', 'Ada'), user('u2', 'bo@example.org', '')];

let members: Member[];
let printed: string[];
let documents: unknown[];

/** Runs `quayside kb …` on a knowledge base called Papers. */
async function run(words: string, options: Context['options'] = {}): Promise<unknown> {
  const context = {
    terminal: {
      json: options.json === true,
      print: async (text: string) => void printed.push(text),
      document: async (value: unknown) => void documents.push(value),
    },
    core: {
      monitor: { ready: async () => undefined },
      knowledge: {
        bases: { get: async () => ({ id: 'k1', name: 'Papers' }) as KnowledgeBase },
        accounts: { users: async () => users },
        members: {
          list: async () => members,
          async share(_kb: string, userId: string, access: Member['access']) {
            const { email, name } = users.find(({ id }) => id === userId) ?? user(userId, null, '');
            members = [...members.filter((one) => one.userId !== userId), { userId, email, name, access }];
            return members;
          },
          async unshare(_kb: string, userId: string) {
            members = members.filter((one) => one.userId !== userId);
            return members;
          },
        },
      },
    },
    stack: { state: { refresh: async () => undefined } },
    options,
    positionals: words.split(' '),
  } as unknown as Context;
  return kb.run(context);
}
const ended = async (words: string): Promise<unknown> => {
  const error = await run(words).catch((met: unknown) => met);
  return error instanceof ProblemError ? [exitCodeOf(error.problem), error.problem.code] : error;
};

beforeEach(() => {
  members = [];
  printed = [];
  documents = [];
});

describe('kb share, members and unshare', () => {
  it('share with somebody by address or id, change it, and stop it', async () => {
    expect(await run('share Papers Ada@Example.org')).toBe(0);
    await run('share Papers u2', { write: true });
    await run('members Papers');
    await run('share Papers u1', { write: true });
    await run('unshare Papers ada@example.org');
    await run('unshare Papers u2');
    await run('members Papers');
    expect(printed).toEqual([
      '✔ Ada may read Papers',
      '✔ bo@example.org may read and change Papers',
      [
        'E-MAIL           NAME  MAY              ID',
        'ada@example.org  Ada   read             u1',
        'bo@example.org         read and change  u2',
      ].join('\n'),
      '✔ Ada may read and change Papers',
      '✔ Papers is no longer shared with Ada',
      '✔ Papers is no longer shared with bo@example.org',
      'Papers is shared with nobody',
    ]);
  });

  it('answer a script with whom it is shared with then', async () => {
    await run('share Papers ada@example.org', { json: true, write: true });
    await run('members Papers', { json: true });
    await run('unshare Papers u1', { json: true });
    const ada = { userId: 'u1', email: 'ada@example.org', name: 'Ada', access: 'write' };
    expect(documents).toEqual([{ members: [ada] }, { members: [ada] }, { members: [] }]);
    expect(printed).toEqual([]);
  });

  it('say who or what is missing', async () => {
    expect(await ended('share Papers')).toEqual([2, 'usage']);
    expect(await ended('members Papers u1')).toEqual([2, 'usage']);
    expect(await ended('share Papers nobody@example.org')).toEqual([4, 'nothing-to-act-on']);
    expect(await ended('unshare Papers ada@example.org')).toEqual([4, 'nothing-to-act-on']);
    expect(members).toEqual([]);
  });
});
