/** Sharing a knowledge base as a person does it: the dialog of its page, from whom it is shared with to nobody left to choose. */
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { User } from '../../../shared/model/accounts.ts';
import type { KnowledgeBase, Member } from '../../../shared/model/knowledge.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { openScene, type Scene } from '../../app/backend-scene.ts';
import { useNavigation } from '../../app/navigation.ts';
import { KnowledgePage } from './knowledge-page.tsx';
import { useKnowledge } from './knowledge-store.ts';

const harbour: KnowledgeBase = {
  id: 'k2',
  name: 'Harbour',
  description: '',
  isDefault: false,
  access: 'owner',
  documents: 3,
  pending: 0,
  failed: 0,
  chunks: 40,
  bytes: 2048,
  sources: 0,
  lastSyncAtMs: null,
};
const owner: User = {
  id: 'o',
  email: null,
  name: 'Owner',
  role: 'owner',
  hasPassword: false,
  disabled: false,
  createdAtMs: 1,
};
const person = (id: string, name: string, more: Partial<User> = {}): User => ({
  ...owner,
  id,
  email: `${id}@example.org`,
  name,
  role: 'user',
  hasPassword: true,
  ...more,
});
const [ada, bo, cy] = [person('ada', 'Ada'), person('bo', ''), person('cy', 'Cy', { disabled: true })];
const asMember = ({ id, email, name }: User, access: Member['access']): Member => ({
  userId: id,
  email,
  name,
  access,
});
const gone: Problem = {
  code: 'person-gone',
  title: 'This person is not there any more',
  cause: 'They are not among the people who may use the stack.',
  evidence: [],
  remedies: [{ action: 'advice', label: 'Choose somebody else' }],
};

let scene: Scene;
let members: Member[];
let users: User[];

beforeEach(() => {
  scene = openScene();
  Element.prototype.scrollIntoView = vi.fn();
  members = [];
  users = [owner, ada, bo, cy];
  const answer = () => ({ ok: true, value: { members } }) as const;
  scene.scripted.answer('users.list', () => ({ ok: true, value: { users } }));
  scene.scripted.answer('kb.members', answer);
  scene.scripted.answer('kb.share', ({ userId, access }) => {
    const user = users.find(({ id }) => id === userId);
    if (user !== undefined) {
      const [before] = members.filter((one) => one.userId === userId);
      const after = asMember(user, access);
      members = before === undefined ? [...members, after] : members.map((one) => (one === before ? after : one));
    }
    return answer();
  });
  scene.scripted.answer('kb.unshare', ({ userId }) => {
    members = members.filter((one) => one.userId !== userId);
    return answer();
  });
});
afterEach(() => {
  scene.end();
  useKnowledge.setState({ kbId: null, tab: 'documents' });
});

function show(kb: KnowledgeBase = harbour): void {
  render(<KnowledgePage />);
  scene.stack('healthy');
  act(() => scene.scripted.send('kb.watch', { kbs: [kb] }));
  act(() => scene.scripted.send('documents.watch', { documents: [] }));
}
async function openDialog(): Promise<HTMLElement> {
  show();
  fireEvent.click(screen.getByRole('button', { name: 'More about Harbour' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: 'Share' }));
  const dialog = await screen.findByRole('dialog', { name: 'Share “Harbour”' });
  await within(dialog).findByRole('region', { name: 'Shared with' });
  return dialog;
}
const choices = (dialog: HTMLElement, name: string): string[] =>
  within(within(dialog).getByRole('combobox', { name }))
    .getAllByRole('option')
    .map(({ textContent }) => textContent ?? '');
const choose = (dialog: HTMLElement, name: string, value: string): void => {
  fireEvent.change(within(dialog).getByRole('combobox', { name }), { target: { value } });
};

describe('sharing', () => {
  it('offers everybody who may sign in but the owner, and shares to be read unless told', async () => {
    const dialog = await openDialog();
    expect(dialog.textContent).toContain('It is shared with nobody yet.');
    expect(choices(dialog, 'Share with')).toEqual(['Choose somebody', 'Ada (ada@example.org)', 'bo@example.org']);
    const button = within(dialog).getByRole('button', { name: 'Share' }) as HTMLButtonElement;
    expect(button.disabled).toBe(true);
    choose(dialog, 'Share with', 'ada');
    fireEvent.click(button);
    const row = await within(dialog).findByRole('listitem', { name: 'Ada' });
    expect(row.textContent).toContain('ada@example.org');
    expect(choices(dialog, 'Share with')).toEqual(['Choose somebody', 'bo@example.org']);
    choose(dialog, 'Share with', 'bo');
    choose(dialog, 'What they may do', 'write');
    fireEvent.click(button);
    await within(dialog).findByRole('listitem', { name: 'bo@example.org' });
    expect(scene.asked('kb.share')).toEqual([
      { kb: 'k2', userId: 'ada', access: 'read' },
      { kb: 'k2', userId: 'bo', access: 'write' },
    ]);
    expect(dialog.textContent).toContain('It is shared with everybody who may sign in.');
    // The button went with the last one to choose: what it did is in sight instead.
    const shared = within(dialog).getByRole('region', { name: 'Shared with' });
    await waitFor(() => expect(window.document.activeElement).toBe(shared));
  });

  it('changes what somebody may do, stops it, and says who may not sign in', async () => {
    members = [asMember(ada, 'read'), asMember(cy, 'write')];
    const dialog = await openDialog();
    expect(within(dialog).getByRole('listitem', { name: 'Cy' }).textContent).toContain('May not sign in');
    expect(within(dialog).getByRole('listitem', { name: 'Ada' }).textContent).not.toContain('May not sign in');
    choose(dialog, 'What Ada may do', 'write');
    await waitFor(() => expect(scene.asked('kb.share')).toEqual([{ kb: 'k2', userId: 'ada', access: 'write' }]));
    const may = within(dialog).getByRole('combobox', { name: 'What Ada may do' }) as HTMLSelectElement;
    await waitFor(() => expect(may.selectedOptions[0]?.textContent).toBe('May read and change'));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Stop sharing with Ada' }));
    await waitFor(() => expect(within(dialog).queryByRole('listitem', { name: 'Ada' })).toBeNull());
    expect(scene.asked('kb.unshare')).toEqual([{ kb: 'k2', userId: 'ada' }]);
    expect(choices(dialog, 'Share with')).toContain('Ada (ada@example.org)');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Done' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('leads to where people are added while there are no others', async () => {
    users = [owner];
    const dialog = await openDialog();
    expect(dialog.textContent).toContain('only you use this stack so far');
    expect(within(dialog).queryByRole('combobox')).toBeNull();
    fireEvent.click(within(dialog).getByRole('button', { name: 'Add people in Settings' }));
    const { page, settings } = useNavigation.getState();
    expect([page, settings]).toEqual(['settings', 'access']);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('says why something was refused, and shows how it is now', async () => {
    members = [asMember(ada, 'read')];
    const dialog = await openDialog();
    scene.scripted.answer('kb.share', () => {
      members = [];
      users = [owner, bo];
      return { ok: false, problem: gone };
    });
    choose(dialog, 'What Ada may do', 'write');
    const alert = await within(dialog).findByRole('alert');
    expect(alert.textContent).toContain('This person is not there any more');
    expect(alert.textContent).toContain('Choose somebody else');
    expect(Element.prototype.scrollIntoView).toHaveBeenCalledTimes(1);
    await waitFor(() => expect(within(dialog).queryByRole('listitem', { name: 'Ada' })).toBeNull());
    expect(choices(dialog, 'Share with')).toEqual(['Choose somebody', 'bo@example.org']);
  });

  it('asks again where it could not be read', async () => {
    const retry: Problem = {
      ...gone,
      title: 'The backend does not answer',
      remedies: [{ action: 'retry', label: 'Try again' }],
    };
    scene.scripted.answer('kb.members', () => ({ ok: false, problem: retry }));
    show();
    fireEvent.click(screen.getByRole('button', { name: 'More about Harbour' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Share' }));
    const dialog = await screen.findByRole('dialog');
    await within(dialog).findByText('The backend does not answer');
    scene.scripted.answer('kb.members', () => ({ ok: true, value: { members: [asMember(ada, 'read')] } }));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Try again' }));
    await within(dialog).findByRole('listitem', { name: 'Ada' });
    expect(within(dialog).queryByRole('alert')).toBeNull();
  });

  it('tries a refused change again', async () => {
    members = [asMember(ada, 'read')];
    const dialog = await openDialog();
    const away: Problem = {
      ...gone,
      title: 'PostgreSQL does not answer',
      remedies: [{ action: 'retry', label: 'Try again' }],
    };
    scene.scripted.answer('kb.unshare', () => ({ ok: false, problem: away }));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Stop sharing with Ada' }));
    await within(dialog).findByText('PostgreSQL does not answer');
    scene.scripted.answer('kb.unshare', () => ({ ok: true, value: { members: [] } }));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(dialog.textContent).toContain('It is shared with nobody yet.'));
    expect(scene.asked('kb.unshare')).toHaveLength(2);
    expect(within(dialog).queryByRole('alert')).toBeNull();
  });

  it('shares with nobody who may not sign in', async () => {
    users = [owner, cy];
    const dialog = await openDialog();
    expect(dialog.textContent).toContain('none of the others may sign in');
    expect(within(dialog).queryByRole('combobox')).toBeNull();
  });

  it('is not offered for what is somebody else’s', () => {
    show({ ...harbour, access: 'editor' });
    expect(screen.getByText(/shared with you to be read and changed/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'More about Harbour' })).toBeNull();
  });
});
