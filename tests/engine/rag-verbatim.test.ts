/**
 * The provider that needs no model only quotes: whatever is asked about whatever documents, each sentence of an answer
 * stands word for word in the passage that it cites. Over the samples and over generated documents that make it hard:
 * Markdown inside, brackets with numbers that look like citations, other scripts, half the punctuation there is.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Asked, type RagStack, startRagStack } from './rag-stack.ts';

const seed = 20_261_126;
let stack: RagStack;
beforeAll(async () => {
  stack = await startRagStack();
}, 900_000);
afterAll(async () => stack?.close());

const subjects = [
  'Orla',
  'Brannoc',
  'Ystrad',
  'Kvalsund',
  'Πειραιάς',
  'Гавань',
  '港口',
  'Zürichsee',
  'O’Hara',
  'R2-D2',
];
const facts: readonly ((subject: string, n: number) => string)[] = [
  (subject, n) => `The keeper of ${subject} counts ${n} boats [${n}] and [1] writes them down.`,
  (subject, n) => `**${subject}** opens at \`${n}:00\` — see [the list](https://example.org/${n}) [2].`,
  (subject, n) => `| ${subject} | ${n} metres |\n|---|---|\n| depth of ${subject} | ${n + 1}.5 metres |`,
  (subject, n) => `- ${subject} was founded in ${1500 + n}; "nobody," it says, "knows why [${n}]".`,
  (subject, n) => `In ${subject} heißt es: „Das Tor № ${n} schließt um ${n} Uhr.“ Danach (d. h. später) nicht mehr.`,
  (subject, n) => `Для ${subject} глубина гавани ${n} метров. Глубина измеряется каждый день.`,
  (subject, n) => `${subject}的港口有${n}艘船。每艘船都有一个编号[${n}]。`,
  (subject, n) => `The bell of ${subject} rings ${n} times 🔔🔔 a day… or does it?! It does [3][4] [5, 6].`,
  (subject, n) => `Fee for ${subject}: ${n} % of 1,000.50 € (i.e. approx. ${n}.5 e.g. per St. Mary’s Rd. no. ${n}).`,
];
const documents = fc.array(
  fc.record({
    subject: fc.constantFrom(...subjects),
    parts: fc.array(fc.tuple(fc.nat(facts.length - 1), fc.integer({ min: 1, max: 99 })), {
      minLength: 2,
      maxLength: 6,
    }),
    noise: fc.string({ unit: 'grapheme', maxLength: 60 }),
  }),
  { minLength: 12, maxLength: 12 },
);
const asks: readonly ((subject: string) => string)[] = [
  (subject) => `How many boats does the keeper of ${subject} count?`,
  (subject) => `When does ${subject} open?`,
  (subject) => `How deep is ${subject}?`,
  (subject) => `When was ${subject} founded?`,
  (subject) => `Wann schließt das Tor in ${subject}?`,
  (subject) => `Какая глубина гавани ${subject}?`,
  (subject) => `${subject}的港口有多少艘船?`,
  (subject) => `How often does the bell of ${subject} ring?`,
  (subject) => `What is the fee for ${subject}?`,
];
const ofSamples = [
  'Which port does the backend listen on?',
  'How often should I make a backup?',
  'How fast must a level 1 alarm be acknowledged?',
  'How long does Redis keep query vectors?',
  'What is a drill?',
  'What is inside a backup?',
  'What does Qdrant do?',
  'Who may restore a backup?',
  'How do I add a document?',
  'What happens when the disk is full?',
];

it('every sentence of every answer stands in the passage that it cites', { timeout: 400_000 }, async () => {
  const operation = await stack.core.runner.wait(
    await stack.core.chat.ingest([{ path: stack.core.samplesDir, name: 'samples' }]),
  );
  expect(operation.problem).toBeNull();
  const [made = []] = fc.sample(documents, { seed, numRuns: 1 });
  for (const [at, { subject, parts, noise }] of made.entries()) {
    const body = parts.map(([which, n]) => facts[which]?.(subject, n) ?? '').join('\n\n');
    const { json, status } = await stack.call('POST', '/v1/documents', {
      body: { title: `${subject} ${at}`, text: `# About ${subject}\n\n${body}\n\n${noise}\n` },
    });
    expect(status).toBe(202);
    expect(await stack.jobEnds(json.job.id)).toMatchObject({ state: 'done' });
  }

  const questions = [...ofSamples, ...subjects.flatMap((subject) => asks.map((ask) => ask(subject)))];
  expect(questions.length).toBeGreaterThanOrEqual(100);
  const passages = new Map<string, string>();
  const passage = async (chunkId: string): Promise<string> => {
    const known = passages.get(chunkId);
    if (known !== undefined) return known;
    const { text } = (await stack.call('GET', `/v1/chunks/${chunkId}/passage`)).json;
    passages.set(chunkId, text);
    return text;
  };
  let answered = 0;
  let quotes = 0;
  const check = async (question: string): Promise<void> => {
    const { events, text }: Asked = await stack.asked(question);
    const end = events.at(-1);
    expect([question, events.find(({ name }) => name === 'error')?.data, end?.name]).toEqual([
      question,
      undefined,
      'done',
    ]);
    if (end?.data.status === 'abstained') {
      expect([question, text]).toEqual([question, '']);
      return;
    }
    answered += 1;
    const sources = events.find(({ name }) => name === 'sources')?.data.sources as { n: number; chunkId: string }[];
    // By what it says itself where a quote begins and ends, so that no bracket of a document is taken for a mark.
    const cited = events.filter(({ name }) => name === 'citation').map(({ data }) => data);
    expect([question, cited.length > 0]).toEqual([question, true]);
    let rest = text;
    for (const { n, answerStart, answerEnd, markStart, markEnd } of cited) {
      const quote = text.slice(answerStart, answerEnd);
      const source = sources.find((entry) => entry.n === n);
      expect([question, text.slice(markStart, markEnd)]).toEqual([question, `[${n}]`]);
      expect(await passage(source?.chunkId ?? ''), question).toContain(quote);
      rest = rest.replace(`${quote} [${n}]`, '');
      quotes += 1;
    }
    // And nothing beside the quotes is said.
    expect([question, rest.trim()]).toEqual([question, '']);
  };
  // A few at a time: there is more than one person.
  const queue = [...questions];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let question = queue.shift(); question !== undefined; question = queue.shift()) await check(question);
    }),
  );
  console.log(`${questions.length} questions, ${answered} answered, ${quotes} quotes`);
  // The check would hold for a provider that never says anything, too.
  expect(answered).toBeGreaterThan(40);
});
