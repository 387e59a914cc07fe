/** The conversations at the side: find, choose, start anew, rename, save to a file, delete. */
import { Ellipsis, FileBraces, FileText, Pencil, Plus, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Conversation } from '../../../shared/model/chat.ts';
import { perform } from '../../app/actions.ts';
import { announce } from '../../ui/announce.ts';
import { Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { formatAgo } from '../../ui/format.ts';
import { ActionMenu } from '../../ui/menu.tsx';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { SearchField } from '../../ui/search-field.tsx';
import { useNow } from '../../ui/use-now.ts';
import { remove, rename, select, useChat } from './chat-store.ts';
import css from './conversation-list.module.css';
import { minChars, SearchResults } from './conversation-search.tsx';

function TitleEdit({
  conversation,
  onDone,
}: {
  readonly conversation: Conversation;
  readonly onDone: () => void;
}): ReactNode {
  const [title, setTitle] = useState(conversation.title);
  const save = (): void => {
    const text = title.trim();
    if (text !== '' && text !== conversation.title) void rename(conversation.id, text);
    onDone();
  };
  return (
    <input
      className={css.edit}
      aria-label="Name of the conversation"
      value={title}
      maxLength={300}
      // biome-ignore lint/a11y/noAutofocus: the person has just asked to edit this field
      autoFocus
      onFocus={(event) => event.target.select()}
      onChange={(event) => setTitle(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') save();
        if (event.key === 'Escape') onDone();
      }}
    />
  );
}

async function save(id: string, format: 'markdown' | 'json'): Promise<void> {
  const answer = await perform('chat', 'chat.export', { id, format });
  if (answer.ok && answer.value.saved) announce('Saved');
}

function Entry({
  conversation,
  current,
}: {
  readonly conversation: Conversation;
  readonly current: boolean;
}): ReactNode {
  const now = useNow();
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const title = conversation.title === '' ? 'New conversation' : markHidden(conversation.title);
  if (editing) return <TitleEdit conversation={conversation} onDone={() => setEditing(false)} />;
  return (
    <div className={css.entry} data-current={current}>
      <button
        type="button"
        className={css.choose}
        aria-current={current ? 'true' : undefined}
        onClick={() => select(conversation.id)}
      >
        <span className={css.title}>{title}</span>
        <span className={css.when}>{formatAgo(conversation.updatedAtMs, now)}</span>
      </button>
      <ActionMenu
        label={`More for ${title}`}
        icon={Ellipsis}
        className={css.more}
        actions={[
          { label: 'Rename', icon: Pencil, run: () => setEditing(true) },
          { label: 'Save as Markdown', icon: FileText, run: () => void save(conversation.id, 'markdown') },
          { label: 'Save as JSON', icon: FileBraces, run: () => void save(conversation.id, 'json') },
          { label: 'Delete', icon: Trash2, danger: true, run: () => setAsking(true) },
        ]}
      />
      <Confirm
        open={asking}
        title={`Delete “${title}”?`}
        text="The conversation and its answers are deleted for good. Your documents stay."
        action="Delete"
        onConfirm={() => void remove(conversation.id)}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}

export function ConversationList(): ReactNode {
  const conversations = useChat((state) => state.conversations);
  const currentId = useChat((state) => state.currentId);
  const [query, setQuery] = useState('');
  const wanted = query.trim();
  return (
    <nav className={css.side} aria-label="Conversations">
      <Button icon={Plus} className={css.new} onClick={() => select(null)}>
        New conversation
      </Button>
      <SearchField label="Search conversations" value={query} onChange={setQuery} className={css.search} />
      {wanted.length >= minChars ? (
        <div className={css.list}>
          <SearchResults query={wanted} />
        </div>
      ) : (
        <ul className={css.list}>
          {conversations === null ? (
            <li className={css.waiting}>
              <Skeleton height={34} label="Loading conversations" />
              <Skeleton height={34} />
            </li>
          ) : (
            conversations.map((conversation) => (
              <li key={conversation.id}>
                <Entry conversation={conversation} current={conversation.id === currentId} />
              </li>
            ))
          )}
        </ul>
      )}
    </nav>
  );
}
