/**
 * An evaluation set from public documentation in Debian packages: questions that people wrote as headings of manuals
 * and FAQs, the section below as what answers them. A question's words are taken out of the documents, or finding it
 * would be finding itself. Nothing of the documents is kept in the repository.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { htmlSections, podSections, type Section } from './manual-text.ts';

export interface Manual {
  readonly name: string;
  /** Of Debian. */
  readonly package: string;
  /** Folder of its pages in the package, and which of the files below it are pages. */
  readonly folder: string;
  readonly pages: RegExp;
  /** Its questions are asked, but it is not read in: nothing there can answer them. */
  readonly leftOut?: true;
  /** Of its pages one in so many, where it is only there to be told apart from the others. */
  readonly oneIn?: number;
}

export const manuals: readonly Manual[] = [
  {
    name: 'perl',
    package: 'perl-doc',
    folder: 'usr/share/perl',
    pages: /\/perl(faq\d|unifaq|sub|data|open|re|mod|obj|op|syn|style|trap)\.pod$/,
  },
  {
    name: 'python',
    package: 'python3.11-doc',
    folder: 'usr/share/doc/python3.11/html',
    pages: /html\/(faq|library|tutorial|howto)\/[a-z0-9._-]+\.html$/,
    oneIn: 8,
  },
  { name: 'debian', package: 'debian-faq', folder: 'usr/share/doc/debian/FAQ', pages: /\.en\.html$/ },
  {
    name: 'git',
    package: 'git-doc',
    folder: 'usr/share/doc/git-doc',
    pages: /git-doc\/git[a-z0-9-]*\.html$/,
    oneIn: 3,
  },
  { name: 'borg', package: 'borgbackup-doc', folder: 'usr/share/doc/borgbackup/html', pages: /\.html$/ },
  {
    name: 'sqlite',
    package: 'sqlite3-doc',
    folder: 'usr/share/doc/sqlite3',
    pages: /sqlite3\/[a-z0-9_]+\.html$/,
    oneIn: 10,
  },
  { name: 'apache', package: 'apache2-doc', folder: 'usr/share/doc/apache2-doc/manual/en', pages: /\.html$/, oneIn: 3 },
  { name: 'zsh', package: 'zsh-doc', folder: 'usr/share/doc/zsh-common/html', pages: /FAQ\d+\.html$/ },
  {
    name: 'postgresql',
    package: 'postgresql-doc-15',
    folder: 'usr/share/doc/postgresql-doc-15/html',
    pages: /\.html$/,
    oneIn: 4,
  },
  {
    name: 'django',
    package: 'python-django-doc',
    folder: 'usr/share/doc/python-django-doc/html/faq',
    pages: /\.html$/,
    leftOut: true,
  },
  { name: 'fetchmail', package: 'fetchmail', folder: 'usr/share/doc/fetchmail', pages: /\.html$/, leftOut: true },
  { name: 'r', package: 'r-doc-html', folder: 'usr/share/R/doc/manual', pages: /FAQ\.html$/, leftOut: true },
];

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
  readonly part: 'tuning' | 'reported';
  /** `question`: a heading that asks; `task`: the line that says what a command is for. */
  readonly kind: 'question' | 'task';
  readonly manual: string;
}
export interface QuestionSet {
  readonly documents: readonly BenchDocument[];
  readonly questions: readonly BenchQuestion[];
}

/** 0 to 2^32, the same on every machine. */
const spread = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);
const partOf = (question: string): 'tuning' | 'reported' => (spread(question) % 2 === 0 ? 'tuning' : 'reported');

/** Without "7.1", "G1.", "3.12:" before it. */
const unnumbered = (heading: string): string => heading.replace(/^(?:[A-Z]?\d+(?:\.\d+)*[.:)]?|[A-Z]\d+\.)\s+/, '');
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
      .replace(/\.(html|pod)$/, '')
      .replace(/^[\d.]+-pod-/, '');
    const source = `${manual.name}/${name}.md`;
    const text = await readFile(file, 'utf8');
    const sections = file.endsWith('.pod') ? podSections(text) : htmlSections(text);
    const purpose = manual.leftOut === true ? null : purposeOf(sections);
    const asks = sections.some(isQuestion);
    if (manual.oneIn !== undefined && !asks && spread(source) % manual.oneIn !== 0) continue;
    const title = sections.find(
      (section) => section.heading !== '' && !isQuestion(section) && !/^name$/i.test(section.heading),
    )?.heading;
    pages.push({ manual, source, title: purpose !== null ? name : (title ?? name), sections, purpose });
  }
  return pages;
}

/** @param unpacked folder with one folder per package, as `dpkg -x` makes it */
export async function readQuestionSet(unpacked: string): Promise<QuestionSet> {
  const pages: Page[] = [];
  const seen = new Set<string>();
  for (const manual of manuals)
    for (const page of await pagesOf(manual, unpacked)) {
      const content = createHash('sha256').update(JSON.stringify(page.sections)).digest('hex');
      // The same page may be in a package under two names.
      if (seen.has(content)) continue;
      seen.add(content);
      pages.push(page);
    }
  const asked = new Set<string>();
  for (const page of pages) {
    for (const section of page.sections) if (isQuestion(section)) asked.add(key(section.heading));
    if (page.purpose !== null) asked.add(key(page.purpose));
  }
  const documents: BenchDocument[] = [];
  const questions = new Map<string, BenchQuestion>();
  const put = (question: Omit<BenchQuestion, 'part'>): void => {
    if (!questions.has(key(question.question)))
      questions.set(key(question.question), { ...question, part: partOf(key(question.question)) });
  };
  for (const { manual, source, title, sections, purpose } of pages) {
    const answerable = manual.leftOut !== true;
    const lines = [`# ${title}`];
    let number = 0;
    for (const section of sections) {
      let heading = section.heading;
      if (isQuestion(section)) {
        heading = `Question ${++number}`;
        put({
          question: unnumbered(section.heading),
          answerable,
          source: answerable ? source : '',
          heading: answerable ? heading : '',
          kind: 'question',
          manual: manual.name,
        });
      } else if (asked.has(key(heading))) heading = 'Name';
      // Tables of contents repeat the questions.
      const blocks = section.blocks.filter((block) => {
        const said = key(block.replace(/^- /, ''));
        return !asked.has(said) && !(purpose !== null && said.includes(key(purpose)));
      });
      if (heading !== '' && heading !== title) lines.push(`${'#'.repeat(Math.max(2, section.level))} ${heading}`);
      lines.push(...blocks);
    }
    if (purpose !== null)
      put({ question: purpose, answerable: true, source, heading: '', kind: 'task', manual: manual.name });
    if (answerable && lines.length > 1) documents.push({ source, text: `${lines.join('\n\n')}\n` });
  }
  return { documents, questions: [...questions.values()] };
}

export const packagesNeeded = [...new Set(manuals.map((manual) => manual.package))];
