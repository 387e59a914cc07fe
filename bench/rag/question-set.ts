/**
 * An evaluation set from public documentation in Debian packages: questions that people wrote as headings of manuals
 * and FAQs, the section below as what answers them. A question's words are taken out of the documents, or finding it
 * would be finding itself. Nothing of the documents is kept in the repository.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { htmlSections, podSections, type Section } from './manual-text.ts';
import { type Manual, manuals } from './manuals.ts';

export interface BenchDocument {
  /** `perl/perlfaq4.md`: how the product knows it. */
  readonly source: string;
  readonly text: string;
}
export interface BenchQuestion {
  readonly question: string;
  readonly answerable: boolean;
  /** Document and heading that hold the answer; empty of an unanswerable one. */
  readonly source: string;
  readonly heading: string;
  readonly part: 'tuning' | 'reported' | 'confirming';
  /** `question`: a heading that asks; `task`: the line that says what a command is for. */
  readonly kind: 'question' | 'task';
  readonly manual: string;
}
export interface QuestionSet {
  readonly documents: readonly BenchDocument[];
  readonly questions: readonly BenchQuestion[];
}
export interface QuestionSets extends QuestionSet {
  /** Of the manuals that nothing was tuned with: to be read in and asked when the others are done with. */
  readonly confirming: QuestionSet;
}

/** 0 to 2^32, the same on every machine. */
const spread = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);
const partOf = (question: string): 'tuning' | 'reported' => (spread(question) % 2 === 0 ? 'tuning' : 'reported');

/** Without "7.1", "G1.", "3.12:", "A.7.1", "[B.2]", "(FAQ 1a)" or "Q:" before it. */
const unnumbered = (heading: string): string =>
  heading.replace(
    /^(?:[A-Z]?\d+(?:\.\d+)*[.:)]?|[A-Z]\d+\.|[A-Z](?:\.\d+)+|\[[A-Z]\.\d+\]|\(FAQ [\d .]+[a-z]?\)|Q:)\s+/,
    '',
  );
const key = (text: string): string =>
  unnumbered(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
const words = (text: string): number => text.split(/\s+/).length;

function isQuestion({ heading, blocks }: Section): boolean {
  const asked = unnumbered(heading);
  const answer = blocks.reduce((sum, block) => sum + block.length, 0);
  return /\?\)?$/.test(asked) && words(asked) >= 4 && words(asked) <= 30 && answer >= 120;
}

interface Page {
  readonly manual: Manual;
  readonly source: string;
  readonly title: string;
  readonly sections: readonly Section[];
  /** What it is for in one line, of the page of a command; null of others. */
  readonly purpose: string | null;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** "git-add - Add file contents to the index" or "ALTER TABLE — change the definition of a table" at the head of a page. */
function purposeOf(sections: readonly Section[]): string | null {
  for (const { heading, blocks } of sections.slice(0, 4)) {
    const [, name, said] = /^(\S.{0,60}?) [-—–] (.{12,140})$/.exec(blocks[0] ?? '') ?? [];
    if (name === undefined || said === undefined || words(said) < 3) continue;
    if (/^name$/i.test(heading) || heading === name) return said;
  }
  return null;
}

async function pagesOf(manual: Manual, unpacked: string): Promise<Page[]> {
  const pages: Page[] = [];
  for (const file of await filesOf(join(unpacked, manual.package, manual.folder))) {
    if (!manual.pages.test(file)) continue;
    const name = relative(join(unpacked, manual.package, manual.folder), file)
      .replaceAll('/', '-')
      .replace(/\.(html?|pod)$/, '')
      .replace(/^[\d.]+-pod-/, '');
    const source = `${manual.name}/${name}.md`;
    const text = await readFile(file, 'utf8');
    // Those before are read as ever, or figures of different days would be of different sets.
    const sections = file.endsWith('.pod') ? podSections(text) : htmlSections(text, manual.confirming !== true);
    // Of the confirming manuals only headings are asked.
    const purpose = manual.leftOut === true || manual.confirming === true ? null : purposeOf(sections);
    const asks = sections.some(isQuestion);
    if (manual.oneIn !== undefined && !asks && spread(source) % manual.oneIn !== 0) continue;
    const title = sections.find(
      (section) => section.heading !== '' && !isQuestion(section) && !/^name$/i.test(section.heading),
    )?.heading;
    pages.push({ manual, source, title: purpose !== null ? name : (title ?? name), sections, purpose });
  }
  return pages;
}

/** @param seen hashes of pages that are known; those of the pages found are added */
async function differentPages(of: readonly Manual[], unpacked: string, seen: Set<string>): Promise<Page[]> {
  const pages: Page[] = [];
  for (const manual of of)
    for (const page of await pagesOf(manual, unpacked)) {
      const content = createHash('sha256').update(JSON.stringify(page.sections)).digest('hex');
      // The same page may be in a package under two names.
      if (seen.has(content)) continue;
      seen.add(content);
      pages.push(page);
    }
  return pages;
}

function wordingsOf(pages: readonly Page[]): Set<string> {
  const asked = new Set<string>();
  for (const page of pages) {
    for (const section of page.sections) if (isQuestion(section)) asked.add(key(section.heading));
    if (page.purpose !== null) asked.add(key(page.purpose));
  }
  return asked;
}

/** @param asked wordings that are taken out of the documents @param before wordings that are not asked again */
function setOf(pages: readonly Page[], asked: ReadonlySet<string>, before: ReadonlySet<string>): QuestionSet {
  const documents: BenchDocument[] = [];
  const questions = new Map<string, BenchQuestion>();
  const put = (manual: Manual, question: Omit<BenchQuestion, 'part' | 'manual'>): void => {
    const wording = key(question.question);
    if (questions.has(wording) || before.has(wording)) return;
    const part = manual.confirming === true ? 'confirming' : partOf(wording);
    questions.set(wording, { ...question, manual: manual.name, part });
  };
  for (const { manual, source, title, sections, purpose } of pages) {
    const answerable = manual.leftOut !== true;
    const lines = [`# ${title}`];
    let number = 0;
    for (const section of sections) {
      let heading = section.heading;
      if (isQuestion(section)) {
        heading = `Question ${++number}`;
        put(manual, {
          question: unnumbered(section.heading),
          answerable,
          source: answerable ? source : '',
          heading: answerable ? heading : '',
          kind: 'question',
        });
      } else if (asked.has(key(heading))) heading = 'Name';
      // Tables of contents repeat the questions.
      const blocks = section.blocks.filter((block) => {
        const said = key(block.replace(manual.confirming === true ? /^(?:- |\\)/ : /^- /, ''));
        return !asked.has(said) && !(purpose !== null && said.includes(key(purpose)));
      });
      if (heading !== '' && heading !== title) lines.push(`${'#'.repeat(Math.max(2, section.level))} ${heading}`);
      lines.push(...blocks);
    }
    if (purpose !== null) put(manual, { question: purpose, answerable: true, source, heading: '', kind: 'task' });
    if (answerable && lines.length > 1) documents.push({ source, text: `${lines.join('\n\n')}\n` });
  }
  return { documents, questions: [...questions.values()] };
}

/** @param unpacked folder with one folder per package, as `dpkg -x` makes it */
export async function readQuestionSet(unpacked: string): Promise<QuestionSets> {
  const seen = new Set<string>();
  const of = (confirming: boolean): Promise<Page[]> => {
    const those = manuals.filter((manual) => (manual.confirming === true) === confirming);
    return differentPages(those, unpacked, seen);
  };
  const pages = await of(false);
  const asked = wordingsOf(pages);
  const set = setOf(pages, asked, new Set());
  const later = await of(true);
  return { ...set, confirming: setOf(later, new Set([...asked, ...wordingsOf(later)]), asked) };
}
