/** Users and keys as a person uses them: a key is made, told once and revoked; people are added, changed and removed. */
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiKey, User } from '../../../shared/model/accounts.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { useActions } from '../../app/actions.ts';
import { useLive } from '../../app/live-store.ts';
import { goSettings } from '../../app/navigation.ts';
import { createScriptedBridge, type ScriptedBridge } from '../../app/scripted-bridge.ts';
import { SettingsPage } from './settings-page.tsx';

const day = 86_400_000;
const secret = 'rk_0123456789abcdef_never-to-stay';
const owner: User = {
  id: 'o',
  email: null,
  name: 'Owner',
  role: 'owner',
  hasPassword: false,
  disabled: false,
  createdAtMs: 1,
};
const ada: User = { ...owner, id: 'a', email: 'ada@example.org', name: 'Ada', role: 'user', hasPassword: true };
const key = (more: Partial<ApiKey> = {}): ApiKey => ({
  id: 'k1',
  name: 'nightly',
  scopes: ['search:read'],
  last4: 'wxyz',
  createdAtMs: 1,
  expiresAtMs: null,
  lastUsedAtMs: null,
  ...more,
});
const problem = (title: string): Problem => ({ code: 'x', title, cause: 'y', evidence: [], remedies: [] });

let scripted: ScriptedBridge;
let users: User[];
let keys: ApiKey[];
const inputs = (name: string) => scripted.calls.filter((one) => one.name === name).map((one) => one.input);
const region = (name: string) => screen.findByRole('region', { name });
const pressed = (inside: HTMLElement, name: string) => fireEvent.click(within(inside).getByRole('button', { name }));

/** The page, once it shows what the backend keeps. */
async function open(): Promise<void> {
  goSettings('access');
  render(<SettingsPage />);
  await region('People');
}

async function fromMenu(item: string): Promise<void> {
  fireEvent.click(screen.getByRole('button', { name: 'Change Ada' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: item }));
}

beforeEach(() => {
  scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  useActions.setState(useActions.getInitialState(), true);
  useLive.setState({
    stack: {
      project: 'quayside-dev',
      status: 'healthy',
      backendUrl: 'http://127.0.0.1:7420',
      services: [{ name: 'backend', status: 'healthy' }],
    } as never,
    operations: [],
  });
  users = [owner, ada];
  keys = [];
  scripted.answer('users.list', () => ({ ok: true, value: { users } }));
  scripted.answer('keys.list', () => ({ ok: true, value: { keys } }));
});
afterEach(() => {
  cleanup();
  delete window.quayside;
  useLive.setState(useLive.getInitialState(), true);
});

describe('keys for programs', () => {
  it('are made for what was ticked, and told once', async () => {
    scripted.answer('keys.create', ({ name, scopes }) => {
      keys = [key({ name, scopes, last4: 'stay' })];
      return { ok: true, value: { key: keys[0] as ApiKey, secret } };
    });
    await open();
    const card = await region('Keys for programs');
    expect(card.textContent).toContain('No keys yet');
    pressed(card, 'New key');
    const form = await screen.findByRole('dialog', { name: 'New key' });
    const make = within(form).getByRole('button', { name: 'Make the key' });
    expect((make as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(within(form).getByLabelText('Name'), { target: { value: 'Editor' } });
    fireEvent.click(within(form).getByRole('checkbox', { name: /^Search/ }));
    fireEvent.change(within(form).getByLabelText('Holds for'), { target: { value: '90' } });
    fireEvent.click(make);
    const told = await screen.findByRole('alertdialog', { name: 'The key “Editor”' });
    expect(told.textContent).toContain(secret);
    expect(inputs('keys.create')).toEqual([{ name: 'Editor', scopes: ['chat:use'], expiresInDays: 90 }]);
    pressed(told, 'Done');
    await waitFor(() => expect(document.body.innerHTML).not.toContain(secret));
    const item = await screen.findByRole('listitem', { name: 'Editor' });
    expect(item.textContent).toContain('…stay');
    expect(item.textContent).toContain('May ask');
    expect(item.textContent).toContain('Never used, holds without end');
  });

  it('that could not be made leave the form as it was, with the reason', async () => {
    scripted.answer('keys.create', () => ({ ok: false, problem: problem('The backend is busy') }));
    await open();
    pressed(await region('Keys for programs'), 'New key');
    const form = await screen.findByRole('dialog', { name: 'New key' });
    fireEvent.change(within(form).getByLabelText('Name'), { target: { value: 'Editor' } });
    pressed(form, 'Make the key');
    await within(form).findByText('The backend is busy');
    expect((within(form).getByLabelText('Name') as HTMLInputElement).value).toBe('Editor');
  });

  it('say when they were used and until when they hold, and are revoked after a question', async () => {
    const now = Date.now();
    keys = [
      key({ lastUsedAtMs: now - 180_000, expiresAtMs: now + 30 * day, scopes: ['search:read', 'ingest:write'] }),
      key({ id: 'k2', name: 'old', expiresAtMs: now - day }),
    ];
    scripted.answer('keys.revoke', ({ id }) => {
      keys = keys.filter((one) => one.id !== id);
      return { ok: true, value: {} };
    });
    await open();
    const nightly = await screen.findByRole('listitem', { name: 'nightly' });
    expect(nightly.textContent).toContain('May search, add documents');
    expect(nightly.textContent).toMatch(/Last used 3 min ago, holds until /);
    expect(screen.getByRole('listitem', { name: 'old' }).textContent).toContain('Ended');
    pressed(nightly, 'Revoke nightly');
    const question = await screen.findByRole('alertdialog');
    expect(inputs('keys.revoke')).toEqual([]);
    pressed(question, 'Revoke');
    await waitFor(() => expect(screen.queryByRole('listitem', { name: 'nightly' })).toBeNull());
    expect(inputs('keys.revoke')).toEqual([{ id: 'k1' }]);
  });

  it('come with an example of how to ask, for the address of this stack', async () => {
    await open();
    const card = await region('Ask from another program');
    expect(card.textContent).toContain('http://127.0.0.1:7420/openai/v1');
    expect(card.textContent).toContain('curl http://127.0.0.1:7420/openai/v1/chat/completions');
    fireEvent.click(within(card).getByRole('radio', { name: 'Python' }));
    expect(card.textContent).toContain('OpenAI(base_url="http://127.0.0.1:7420/openai/v1"');
  });
});

describe('people', () => {
  it('are listed; the owner that this panel acts as cannot be changed', async () => {
    await open();
    expect((await screen.findByRole('listitem', { name: 'Owner' })).textContent).toContain('This panel');
    const item = screen.getByRole('listitem', { name: 'Ada' });
    expect(item.textContent).toContain('ada@example.org');
    expect(item.textContent).toContain('May sign in');
    expect(screen.queryByRole('button', { name: 'Change Owner' })).toBeNull();
  });

  it('are added with a password that is long enough', async () => {
    scripted.answer('users.create', ({ email }) => {
      const bob = { ...ada, id: 'b', email, name: '' };
      users = [...users, bob];
      return { ok: true, value: bob };
    });
    await open();
    pressed(await region('People'), 'Add somebody');
    const form = await screen.findByRole('dialog', { name: 'Add somebody' });
    fireEvent.change(within(form).getByLabelText('E-mail address'), { target: { value: 'bob@example.org' } });
    const password = within(form).getByLabelText('Password') as HTMLInputElement;
    expect(password.type).toBe('password');
    fireEvent.change(password, { target: { value: 'short' } });
    expect(form.textContent).toContain('5 to go');
    expect((within(form).getByRole('button', { name: 'Add' }) as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(password, { target: { value: 'long enough now' } });
    pressed(form, 'Add');
    await screen.findByRole('listitem', { name: 'bob@example.org' });
    expect(inputs('users.create')).toEqual([{ email: 'bob@example.org', password: 'long enough now', role: 'user' }]);
    await waitFor(() => expect(document.body.innerHTML).not.toContain('long enough now'));
  });

  it('are not added when the form is left, and the focus returns to where it was', async () => {
    await open();
    const add = within(await region('People')).getByRole('button', { name: 'Add somebody' });
    add.focus();
    fireEvent.click(add);
    const form = await screen.findByRole('dialog', { name: 'Add somebody' });
    await waitFor(() => expect(document.activeElement).toBe(within(form).getByLabelText('E-mail address')));
    fireEvent.keyDown(form, { key: 'Escape' });
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(add));
    expect(inputs('users.create')).toEqual([]);
  });

  it('are kept from signing in', async () => {
    scripted.answer('users.change', ({ disabled = false }) => {
      users = [owner, { ...ada, disabled }];
      return { ok: true, value: { ...ada, disabled } };
    });
    await open();
    await fromMenu('Stop from signing in');
    await within(screen.getByRole('listitem', { name: 'Ada' })).findByText('May not sign in');
    expect(inputs('users.change')).toEqual([{ id: 'a', disabled: true }]);
  });

  it('go for good only when their address was typed, and a refusal is told', async () => {
    scripted.answer('users.remove', () => ({ ok: false, problem: problem('There has to be an owner') }));
    await open();
    await fromMenu('Remove');
    const question = await screen.findByRole('alertdialog', { name: 'Remove Ada?' });
    const remove = within(question).getByRole('button', { name: 'Remove' }) as HTMLButtonElement;
    expect(remove.disabled).toBe(true);
    fireEvent.change(within(question).getByRole('textbox'), { target: { value: 'ada@example.org' } });
    fireEvent.click(remove);
    await screen.findByText('There has to be an owner');
    expect(inputs('users.remove')).toEqual([{ id: 'a' }]);
  });
});

it('says why there is nothing while the stack does not run, and what failed when it does', async () => {
  useLive.setState({ stack: { services: [] } as never });
  goSettings('access');
  render(<SettingsPage />);
  await screen.findByText(/while the stack runs/);
  cleanup();
  useLive.setState({ stack: { services: [{ name: 'backend', status: 'healthy' }] } as never });
  scripted.answer('keys.list', () => ({ ok: false, problem: problem('The database does not answer') }));
  render(<SettingsPage />);
  await screen.findByText('The database does not answer');
});
