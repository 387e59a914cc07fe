import { describe, expect, it } from 'vitest';
import { configKeys } from '../config/keys.ts';
import { isAnswerable, strengthOf } from './abstain.ts';
import { coverage, namesIn } from './terms.ts';

describe('isAnswerable', () => {
  // Figures measured with the real model, on the sample documents and on manuals.
  it.each([
    [true, 'Which port does the backend listen on?', 0.66, 1, 3, false],
    [true, 'What happens if Redis is down?', 0.64, 0.28, 2, false],
    [true, 'Which command deletes the data?', 0.49, 1, 3, false],
    [true, 'What does the number behind a quote do when I press it?', 0.48, 1, 4, false],
    [false, 'Who won the football world cup?', 0.12, 0, 4, false],
    [false, 'How many employees does the company have?', 0.3, 0.27, 3, false],
    [false, 'Does Quayside support Kubernetes?', 0.58, 0.18, 3, true],
    [false, 'What is the license fee of Quayside?', 0.51, 0.18, 3, false],
    [false, 'What port does MySQL use?', 0.43, 0.52, 3, true],
    [false, 'Does Quayside run on Kubernetes?', 0.6, 0.46, 3, true],
    [false, 'How much does a Quayside license cost?', 0.52, 0.12, 4, false],
    [false, 'What port does MySQL use?', 0.39, 0.52, 3, true],
    [false, 'one common word is held, in passages about something else', 0.45, 1, 1, false],
    [true, 'six words are held, as near', 0.45, 1, 6, false],
    [false, 'a page pasted in: many shared words, hardly near', 0.32, 1, 40, false],
    [false, 'many shared words, nothing near', 0.25, 1, 8, false],
    [false, 'near to a name, no word of it there', 0.6, 0, 3, false],
    [true, 'said in other words entirely, and very near', 0.7, 0, 3, false],
    // Went the other way before words were counted: what it costs (docs/adr/0010). The handbook answers the first two.
    [false, 'Can I add a scanned PDF?', 0.49, 0.6, 3, false],
    [false, 'What does the panel do when a port is occupied?', 0.49, 0.48, 3, false],
    [true, 'near to a name, a little nearer, no word of it there', 0.62, 0, 3, false],
  ])('%s: %s', (answerable, _question, cosine, held, words, unknownName) => {
    const evidence = { cosine, coverage: held, words, unknownName };
    expect(isAnswerable(evidence, configKeys['retrieval.minDense'].default)).toBe(answerable);
  });
});

describe('terms', () => {
  it('finds names, not the first word of a sentence', () => {
    expect(namesIn('Does it run on Kubernetes or with MySQL?')).toEqual(['Kubernetes', 'MySQL']);
    expect(namesIn('PostgreSQL is what?')).toEqual(['PostgreSQL']);
    expect(namesIn('which port is it')).toEqual([]);
  });
  it('weighs rare words more', () => {
    const terms = [
      { lexeme: 'port', idf: 3, isName: false },
      { lexeme: 'use', idf: 1, isName: false },
    ];
    expect(coverage(terms, new Set(['port']))).toBe(0.75);
    expect(coverage([], new Set(['port']))).toBe(0);
  });
  it('marks strength', () => {
    expect([0.7, 0.5, 0.2].map(strengthOf)).toEqual(['strong', 'medium', 'weak']);
  });
});
