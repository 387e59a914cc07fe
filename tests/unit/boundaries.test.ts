/** The dependency rules hold on the tree, and each of them catches a plant: a check that passes on nothing is none. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

interface Cruised {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

function cruise(folder: string): Cruised {
  const bin = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const run = spawnSync(
    process.execPath,
    [bin, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 256 << 20,
    },
  );
  if (!run.stdout.startsWith('{')) throw new Error(`dependency-cruiser did not run: ${run.stderr.slice(0, 2000)}`);
  return JSON.parse(run.stdout) as Cruised;
}

describe('the tree', () => {
  it('is read as a whole and follows every rule', { timeout: 120_000 }, () => {
    const { modules, summary } = cruise(root);
    const own = modules.filter(({ source }) => source.startsWith('src/'));
    expect(own.length).toBeGreaterThanOrEqual(50);
    expect(own.some(({ source }) => source.startsWith('src/renderer/'))).toBe(true);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  });
});

/** A small tree that keeps the rules; each plant below breaks one of them. */
const clean: Readonly<Record<string, string>> = {
  'src/shared/model.ts': `import { z } from 'zod';\nexport const model = z;\n`,
  'src/main/core.ts': `import { ask } from './chat/chat.ts';\nimport { stack } from './stack/stack.ts';\nexport const core = [ask, stack];\n`,
  'src/main/engine/engine.ts': `export const engine = () => import('dockerode');\n`,
  'src/main/stack/stack.ts': `import { engine } from '../engine/engine.ts';\nexport const stack = engine;\n`,
  'src/main/chat/chat.ts': `import { model } from '../../shared/model.ts';\nexport const ask = model;\n`,
  'src/main/chat/typed.ts': `import type { stack } from '../stack/stack.ts';\nexport type Stack = typeof stack;\n`,
  'src/main/cli/index.ts': `import { core } from '../core.ts';\nexport const cli = core;\n`,
  'src/main/desktop/index.ts': `import { app } from 'electron';\nimport { core } from '../core.ts';\nexport const desktop = [app, core];\n`,
  'src/main/desktop/ipc-names.ts': `export const channels = {};\n`,
  'src/main/preload.ts': `import { contextBridge } from 'electron';\nimport { channels } from './desktop/ipc-names.ts';\nexport const bridge = [contextBridge, channels];\n`,
  'src/renderer/app/main.ts': `import { page } from '../features/chat/page.ts';\nexport const main = page;\n`,
  'src/renderer/features/chat/page.ts': `import { button } from '../../ui/button.ts';\nexport const page = button;\n`,
  'src/renderer/features/logs/page.ts': `export const logs = 1;\n`,
  'src/renderer/parts/services/card.ts': `import { button } from '../../ui/button.ts';\nexport const card = button;\n`,
  'src/renderer/ui/button.ts': `import { model } from '../../shared/model.ts';\nexport const button = model;\n`,
};

/** [rule, file, what it imports] */
const plants: readonly (readonly [string, string, string])[] = [
  ['no-cycles', 'src/main/stack/cycle-a.ts', './cycle-b.ts'],
  ['shared-is-a-leaf', 'src/shared/plant-leaf.ts', '../main/core.ts'],
  ['shared-only-zod', 'src/shared/plant-node.ts', 'node:fs'],
  ['shared-only-zod', 'src/shared/plant-package.ts', 'dockerode'],
  ['main-never-renderer', 'src/main/stack/plant-renderer.ts', '../../renderer/ui/button.ts'],
  ['renderer-never-main', 'src/renderer/app/plant-main.ts', '../../main/core.ts'],
  ['renderer-no-node', 'src/renderer/ui/plant-node.ts', 'node:path'],
  ['electron-at-the-edge', 'src/main/stack/plant-electron.ts', 'electron'],
  ['electron-at-the-edge', 'src/main/cli/plant-store.ts', 'electron-store'],
  ['electron-at-the-edge', 'src/renderer/app/plant-electron.ts', 'electron'],
  ['desktop-is-an-entry', 'src/main/cli/plant-desktop.ts', '../desktop/ipc-names.ts'],
  ['preload-stays-thin', 'src/main/preload.ts', './core.ts'],
  ['cli-is-an-entry', 'src/main/desktop/plant-cli.ts', '../cli/index.ts'],
  ['dockerode-in-engine-only', 'src/main/stack/plant-dockerode.ts', 'dockerode'],
  ['domains-never-upward', 'src/main/telemetry/plant-core.ts', '../core.ts'],
  ['domains-meet-in-core', 'src/main/chat/plant-stack.ts', '../stack/stack.ts'],
  ['foundations-know-no-domain', 'src/main/engine/plant-stack.ts', '../stack/stack.ts'],
  ['features-are-strangers', 'src/renderer/features/chat/plant-logs.ts', '../logs/page.ts'],
  ['parts-know-no-feature', 'src/renderer/parts/services/plant-feature.ts', '../../features/logs/page.ts'],
  ['ui-knows-no-feature', 'src/renderer/ui/plant-part.ts', '../parts/services/card.ts'],
  ['ui-knows-no-feature', 'src/renderer/ui/plant-feature.ts', '../features/logs/page.ts'],
  ['no-tests-in-product', 'src/main/stack/plant-test.ts', './plant.test.ts'],
  ['no-tests-in-product', 'src/renderer/app/plant-test.ts', './plant-scene.ts'],
  ['not-to-unresolvable', 'src/main/stack/plant-missing.ts', './nowhere.ts'],
];

describe('the rules', () => {
  let folder = '';
  let before: Cruised['summary']['violations'] = [];
  let after: Cruised['summary']['violations'] = [];

  function write(path: string, text: string): void {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'quayside-boundaries-'));
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json']) {
      cpSync(join(root, file), join(folder, file));
    }
    for (const name of ['zod', 'dockerode', 'electron', 'electron-store']) {
      write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
      write(`node_modules/${name}/index.js`, 'module.exports = {};\n');
    }
    for (const [path, text] of Object.entries(clean)) write(path, text);
    before = cruise(folder).summary.violations;
    for (const [, path, imported] of plants) write(path, `import '${imported}';\n${clean[path] ?? ''}`);
    write('src/main/stack/cycle-b.ts', `import './cycle-a.ts';\n`);
    write('src/main/stack/plant.test.ts', 'export const test = 1;\n');
    write('src/renderer/app/plant-scene.ts', 'export const test = 1;\n');
    after = cruise(folder).summary.violations;
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('pass a tree that keeps them', () => {
    expect(before).toEqual([]);
  });

  it.each(plants)('%s catches %s -> %s', (rule, file) => {
    expect(after.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
  });
});
