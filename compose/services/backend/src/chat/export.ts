/** A conversation as a file that can be kept: Markdown for people, JSON for programs. Pure. */
import { z } from 'zod';
import type { SourceJson } from '../answer/provider.ts';
import { type ConversationJson, conversationJson, type MessageJson, messageJson } from './repository.ts';

export const exportFormats = ['markdown', 'json'] as const;
/** What the second is. */
export const exportedJson = z
  .object({
    format: z.literal('quayside-conversation'),
    version: z.literal(1),
    conversation: conversationJson,
    messages: z.array(messageJson),
  })
  .meta({ id: 'ExportedConversation' });
export type ExportFormat = (typeof exportFormats)[number];

const day = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
/** Headings and lists of a title stay text. */
const inline = (text: string): string => text.replace(/\s+/g, ' ').replace(/([\\`*_{}[\]<>#|])/g, '\\$1');
const quoted = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');

function sourceLine(source: SourceJson): string {
  const place = [source.title, ...source.headingPath].map(inline).join(' › ');
  const page = source.page === null ? '' : `, page ${source.page}`;
  return `- \\[${source.n}\\] ${place}${page} (${inline(source.sourceName)})`;
}

const ends: Partial<Record<MessageJson['status'], string>> = {
  stopped: 'Stopped before its end.',
  error: 'Broke off with an error.',
  streaming: 'Still being written.',
};

function markdown(conversation: ConversationJson, messages: readonly MessageJson[]): string {
  const parts = messages.map((message) => {
    if (message.role === 'user') return `## Question, ${day(message.createdAtMs)}\n\n${quoted(message.text)}`;
    const by = message.provider === null ? '' : ` (${[message.provider, message.model].filter(Boolean).join(', ')})`;
    const said = [`## Answer${inline(by)}`, message.text, ends[message.status] ? `*${ends[message.status]}*` : ''];
    const sources = message.sources.length === 0 ? '' : `Sources:\n\n${message.sources.map(sourceLine).join('\n')}`;
    return [...said, sources].filter((part) => part !== '').join('\n\n');
  });
  return `${[`# ${inline(conversation.title)}`, `Begun ${day(conversation.createdAtMs)}.`, ...parts].join('\n\n')}\n`;
}

export interface Exported {
  readonly mime: string;
  readonly fileName: string;
  readonly text: string;
}

export function exportConversation(
  conversation: ConversationJson,
  messages: readonly MessageJson[],
  format: ExportFormat,
): Exported {
  const name = conversation.title
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  const stem = name === '' ? 'conversation' : name.toLowerCase();
  if (format === 'markdown')
    return {
      mime: 'text/markdown; charset=utf-8',
      fileName: `${stem}.md`,
      text: markdown(conversation, messages),
    };
  const document: z.input<typeof exportedJson> = {
    format: 'quayside-conversation',
    version: 1,
    conversation,
    messages: [...messages],
  };
  return {
    mime: 'application/json; charset=utf-8',
    fileName: `${stem}.json`,
    text: `${JSON.stringify(document, null, 2)}\n`,
  };
}
