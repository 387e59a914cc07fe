import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUiAddress, serveUi } from './ui-files.ts';

let folder = '';
let root = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-ui-'));
  root = join(folder, 'ui');
  await mkdir(join(root, 'assets'), { recursive: true });
  await mkdir(join(folder, 'ui-not'));
  await writeFile(join(root, 'index.html'), '<p>page</p>');
  await writeFile(join(root, 'assets', 'a b.js'), 'script');
  await writeFile(join(root, 'notes.txt'), 'no type of ours');
  await writeFile(join(folder, 'secret.js'), 'secret');
  await writeFile(join(folder, 'ui-not', 'secret.js'), 'secret');
  await symlink(join(folder, 'secret.js'), join(root, 'link.js'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('serveUi', () => {
  it.each([
    ['app://ui/', '<p>page</p>'],
    ['app://ui/index.html?x=1#y', '<p>page</p>'],
    ['app://ui/assets/a%20b.js', 'script'],
  ])('answers %s', async (address, body) => {
    const answer = await serveUi(root, address);
    expect(answer.status).toBe(200);
    expect(Buffer.from(answer.body ?? []).toString()).toBe(body);
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    expect(answer.headers['content-security-policy']).toContain("connect-src 'none'");
  });

  it.each([
    'app://ui/..%2fsecret.js',
    'app://ui/%2e%2e%2fsecret.js',
    'app://ui/..%5csecret.js',
    'app://ui/%252e%252e%252fsecret.js',
    'app://ui/..%2fui-not%2fsecret.js',
    'app://ui/assets/..%2f..%2fsecret.js',
    'app://ui/link.js',
    'app://ui/notes.txt',
    'app://ui/%00.js',
    'app://ui/assets',
    'app://ui/%E0%A4%A',
    'app://evil/index.html',
    'app://user:pw@ui/index.html',
    'file:///etc/passwd',
    'https://ui/index.html',
    `app://ui/${'a'.repeat(65_536)}.js`,
    '',
  ])('refuses %s', async (address) => {
    const answer = await serveUi(root, address);
    expect([403, 404]).toContain(answer.status);
    expect(answer.body).toBeNull();
  });
});

describe('isUiAddress', () => {
  it.each([
    ['app://ui/', true],
    ['app://ui.evil/', false],
    ['app://evil/', false],
    ['about:blank', false],
    ['', false],
    ['data:text/html,x', false],
    ['file:///etc/passwd', false],
  ])('%s: %s', (address, expected) => {
    expect(isUiAddress(address)).toBe(expected);
  });
});
