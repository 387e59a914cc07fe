import { describe, expect, it } from 'vitest';
import { pipelineOf, remainingAfter } from './pipeline.ts';

describe('what a document is read with', () => {
  it('is another pipeline with other passages, and the same with the same', () => {
    const settings = { 'chunk.targetTokens': 200, 'chunk.overlapPct': 15 };
    expect(pipelineOf(settings)).toBe(pipelineOf({ ...settings }));
    expect(pipelineOf({ ...settings, 'chunk.targetTokens': 100 })).not.toBe(pipelineOf(settings));
    expect(pipelineOf({ ...settings, 'chunk.overlapPct': 0 })).not.toBe(pipelineOf(settings));
  });
});

describe('the time left', () => {
  it('is unknown before the first passage, then follows the pace so far', () => {
    expect(remainingAfter(5000, 0, 100)).toBeNull();
    expect(remainingAfter(1000, 10, 100)).toBe(9000);
    expect(remainingAfter(3000, 50, 100)).toBe(3000);
    expect(remainingAfter(3000, 100, 100)).toBe(0);
  });
});
