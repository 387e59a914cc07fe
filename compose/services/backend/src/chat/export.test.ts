import { describe, expect, it } from 'vitest';
import { snippetOf } from './conversation-search.ts';
import { exportConversation } from './export.ts';
import type { ConversationJson, MessageJson } from './repository.ts';

const conversation: ConversationJson = {
  id: '00000000-0000-7000-8000-00000000000a',
  title: 'Ports & <b>disks</b>',
  kbIds: [],
  createdAtMs: 0,
  updatedAtMs: 0,
};
const message = (over: Partial<MessageJson>): MessageJson => ({
  id: '00000000-0000-7000-8000-00000000000b',
  conversationId: conversation.id,
  role: 'assistant',
  text: 'It is 7420 [1].',
  status: 'completed',
  sources: [],
  citations: [],
  notices: [],
  nearest: [],
  usage: null,
  feedback: null,
  provider: 'ollama',
  model: 'gemma3:270m',
  createdAtMs: 0,
  ...over,
});
const source = {
  n: 1,
  chunkId: '00000000-0000-7000-8000-00000000000c',
  documentId: '00000000-0000-7000-8000-00000000000d',
  title: 'Hand_book',
  sourceName: 'handbook.md',
  page: 3,
  headingPath: ['Ports'],
  start: 0,
  end: 5,
  snippet: 'It is',
  strength: 'strong' as const,
};
const messages = [
  message({ role: 'user', text: 'Which port?\n# not a heading', provider: null, model: null }),
  message({ sources: [source] }),
  message({ status: 'stopped', text: 'It' }),
];

describe('a conversation as a file', () => {
  it('is Markdown that people read', () => {
    const made = exportConversation(conversation, messages, 'markdown');
    expect(made.fileName).toBe('ports-b-disks-b.md');
    expect(made.text).toBe(
      [
        '# Ports & \\<b\\>disks\\</b\\>',
        'Begun 1970-01-01 00:00 UTC.',
        '## Question, 1970-01-01 00:00 UTC',
        '> Which port?\n> # not a heading',
        '## Answer (ollama, gemma3:270m)',
        'It is 7420 [1].',
        'Sources:',
        '- \\[1\\] Hand\\_book › Ports, page 3 (handbook.md)',
        '## Answer (ollama, gemma3:270m)',
        'It',
        '*Stopped before its end.*',
        '',
      ]
        .join('\n\n')
        .slice(0, -1),
    );
  });
  it('is JSON that holds everything', () => {
    const { text, fileName } = exportConversation({ ...conversation, title: '日本語' }, messages, 'json');
    expect(fileName).toBe('conversation.json');
    expect(JSON.parse(text)).toEqual({
      format: 'quayside-conversation',
      version: 1,
      conversation: { ...conversation, title: '日本語' },
      messages,
    });
  });
});

describe('a snippet', () => {
  it.each([
    ['The Port is 7420.', 'port', 'Port'],
    [`${'x'.repeat(300)} a+b (c) ${'y'.repeat(300)}`, 'A+B (', 'a+b ('],
  ])('shows where it was found', (text, wanted, found) => {
    const { snippet, start, end } = snippetOf(text, wanted);
    expect(snippet.slice(start, end)).toBe(found);
    expect(snippet.length).toBeLessThan(200);
  });
});
