import { describe, expect, it } from 'vitest';
import { configKeys } from '../config/keys.ts';
import { isAnswerable, strengthOf } from './abstain.ts';
import { coverage, namesIn } from './terms.ts';

describe('isAnswerable', () => {
  // Figures measured on the sample documents with the real model.
  it.each([
    [true, 'Which port does the backend listen on?', 0.66, 1, false],
    [true, 'Can I add a scanned PDF?', 0.49, 0.6, false],
    [true, 'What happens if Redis is down?', 0.64, 0.28, false],
    [true, 'What does the panel do when a port is occupied?', 0.49, 0.48, false],
    [false, 'Who won the football world cup?', 0.12, 0, false],
    [false, 'How many employees does the company have?', 0.3, 0.27, false],
    [false, 'Does Quayside support Kubernetes?', 0.58, 0.18, true],
    [false, 'What is the license fee of Quayside?', 0.51, 0.18, false],
    [false, 'What port does MySQL use?', 0.43, 0.52, true],
    [false, 'many shared words, nothing near', 0.25, 1, false],
    [false, 'near to a name, no word of it there', 0.62, 0, false],
    [true, 'said in other words entirely, and very near', 0.7, 0, false],
  ])('%s: %s', (answerable, _question, cosine, held, unknownName) => {
    expect(isAnswerable({ cosine, coverage: held, unknownName }, configKeys['retrieval.minDense'].default)).toBe(
      answerable,
    );
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
