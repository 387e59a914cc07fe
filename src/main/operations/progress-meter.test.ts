import { describe, expect, it } from 'vitest';
import { createProgressMeter, stalledAfterMs } from './progress-meter.ts';

describe('a progress meter', () => {
  it('measures the rate of the last seconds', () => {
    const meter = createProgressMeter();
    let shown = meter.update({ done: 0, total: 1000, unit: 'bytes' }, 0);
    expect(shown.ratePerS).toBeNull();
    for (let second = 1; second <= 10; second += 1) {
      shown = meter.update({ done: second * 100, total: 1000, unit: 'bytes' }, second * 1000);
    }
    expect(shown).toMatchObject({ ratePerS: 100, stalled: false });
  });

  it('lets the rate fall to zero and says when nothing moves', () => {
    const meter = createProgressMeter();
    meter.update({ done: 0, total: null, unit: 'bytes' }, 0);
    meter.update({ done: 5000, total: null, unit: 'bytes' }, 1000);
    expect(meter.tick(9000)).toMatchObject({ ratePerS: 0, stalled: false });
    expect(meter.tick(1000 + stalledAfterMs)).toMatchObject({ stalled: true, ratePerS: 0 });
    expect(meter.tick(1000 + stalledAfterMs + 1000)).toBeNull();
    expect(meter.update({ done: 5001, total: null, unit: 'bytes' }, 40_000)).toMatchObject({ stalled: false });
  });

  it('does not call it standing still when all has come', () => {
    const meter = createProgressMeter();
    meter.update({ done: 0, total: 100, unit: 'bytes' }, 0);
    meter.update({ done: 100, total: 100, unit: 'bytes' }, 1000);
    expect(meter.tick(1000 + 10 * stalledAfterMs)).toMatchObject({ stalled: false, ratePerS: 0 });
    const later = meter.update({ done: 100, total: 100, unit: 'bytes' }, 300_000);
    expect(later).toMatchObject({ stalled: false, ratePerS: 0 });
  });

  it('never shows a negative rate when the count starts over', () => {
    const meter = createProgressMeter();
    meter.update({ done: 900, total: null, unit: 'bytes' }, 0);
    expect(meter.update({ done: 10, total: null, unit: 'bytes' }, 2000).ratePerS).toBeNull();
  });
});
