/**
 * Launch of the window against a bare Electron window on the same runtime, interleaved. Two moments of each run, from
 * the spawn: the first contentful paint, and the page being of use (for the panel: the stack's state is on screen).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright';
import { median, ratio } from './statistics.mjs';

/** The runtime is the one that the electron package finds. @param root the checkout */
export async function launchBench({ root, rounds = 9, say = () => {} }) {
  const variants = {
    bare: { folder: join(root, 'bench', 'fixtures', 'bare-window'), ready: 'text=Bare window', args: () => [] },
    panel: {
      folder: root,
      // A service's card: the engine was found, asked, and its answer is on screen.
      ready: 'main article',
      args: (data) => ['--data', data, '--env', 'test-bench', '--user-data', join(data, 'panel')],
    },
  };
  const runs = { bare: [], panel: [] };
  const data = await mkdtemp(join(tmpdir(), 'quayside-test-bench-'));
  try {
    // The first round warms the page cache and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const order = round % 2 === 0 ? ['bare', 'panel'] : ['panel', 'bare'];
      for (const name of order) {
        say(`round ${round} of ${rounds}: ${name}`);
        const run = await launchOnce(variants[name], data);
        if (round > 0) runs[name].push(run);
      }
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
  const pairs = (field) => runs.panel.map((run, i) => run[field] / runs.bare[i][field]);
  const row = (what, field, goal) => ({
    what,
    ours: `${Math.round(median(runs.panel.map((run) => run[field])))} ms`,
    floor: `${Math.round(median(runs.bare.map((run) => run[field])))} ms`,
    ratio: ratio(pairs(field)),
    goal,
  });
  return {
    title: 'Launch of the window against a bare Electron window',
    columns: ['', 'panel', 'bare window', 'ratio (min to max)', 'to reach'],
    rows: [row('first contentful paint', 'paintMs', '≤ 1.15'), row('of use', 'usefulMs', '≤ 1.25')].map((r) => [
      r.what,
      r.ours,
      r.floor,
      r.ratio,
      r.goal,
    ]),
    note: `${rounds} interleaved rounds after one warm-up; medians of ratios within a round. Either app is held back alike until the driver has attached.`,
  };
}

async function launchOnce({ folder, ready, args }, data) {
  const noSandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const startedMs = Date.now();
  // Playwright finds the runtime as the electron package does, and holds either app back until it has attached: with
  // executablePath it would not, and a page that is just being opened can make the launch hang.
  const app = await _electron.launch({
    args: [folder, ...noSandbox, '--disable-gpu', ...args(data)],
  });
  try {
    const page = await app.firstWindow();
    await page.waitForSelector(ready);
    const usefulMs = Date.now() - startedMs;
    // The page's own clock says when it painted; its origin is brought to ours.
    const paintAtMs = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const found = () => performance.getEntriesByName('first-contentful-paint')[0];
          const answer = (entry) => resolve(performance.timeOrigin + entry.startTime);
          if (found()) return answer(found());
          new PerformanceObserver((_list, observer) => {
            if (!found()) return;
            observer.disconnect();
            answer(found());
          }).observe({ type: 'paint', buffered: true });
        }),
    );
    return { paintMs: paintAtMs - startedMs, usefulMs: Math.max(usefulMs, paintAtMs - startedMs) };
  } finally {
    await app.close();
  }
}
