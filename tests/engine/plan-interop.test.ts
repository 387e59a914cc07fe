/**
 * Networks and volumes that Docker Compose made, with the hashes of its release: what we take for unchanged, what we
 * change, and that Compose then finds nothing to do. Always with 2.26, which writes no such hash; with others where
 * QUAYSIDE_COMPOSE_PEERS names them: "2.40.3=/path/to/it,5.7.0=/path/to/it".
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { dialectOf, type HashDialect } from '../../src/main/compose/config-hash.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { planView } from '../../src/main/compose/plan-view.ts';
import { planProject } from '../../src/main/stack/converge.ts';
import { asObject, asText } from '../../src/shared/model/json.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const image = await ensureTinyImage(engine);
const named = (process.env.QUAYSIDE_COMPOSE_PEERS ?? '').split(',').flatMap((entry) => {
  const [version, path] = entry.split('=');
  return version !== undefined && path !== undefined ? [[version, path] as const] : [];
});
const peers = [['2.26.1', await ensureComposePeer()] as const, ...named];

afterAll(() => engine.close());

describe.each(peers)('networks and volumes of Docker Compose %s', (version, path) => {
  const dialect: HashDialect = dialectOf(version) ?? 'D5';
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await createScratch(engine, path);
  });
  afterEach(() => scratch.close());

  const idle = (more: string) =>
    `{ image: "${image}", init: true, command: ["sleep", "1000"], stop_grace_period: 1s${more} }`;
  const yaml = (back: string, data: string) => `
services:
  web: ${idle(', networks: [back, default], volumes: ["data:/data"]')}
  db: ${idle(', networks: { back: { aliases: [store] } }')}
networks: { back: ${back} }
volumes: { data: ${data} }
`;
  const rich = (label: string) =>
    `{ driver: bridge, driver_opts: { com.docker.network.driver.mtu: "1400" }, labels: { a: "${label}", b: "<&>" }, ` +
    'ipam: { driver: default, config: [{ subnet: "10.214.9.0/24", gateway: "10.214.9.1", ip_range: "10.214.9.128/25" }] } }';

  async function view() {
    const project = await loadProject({
      files: [scratch.file],
      projectName: scratch.project,
      variables: {},
      envFiles: [],
    });
    return planView((await planProject(engine, project, {})).plan, []);
  }
  async function running(): Promise<string[]> {
    const all = Object.entries(await scratch.containers());
    const started = all.map(async ([name, { id, state }]) => {
      const raw = await engine.inspectContainer(id);
      return `${name} ${id} ${state} ${asText(asObject(raw?.State).StartedAt)}`;
    });
    return (await Promise.all(started)).sort();
  }

  it('are taken as they are; §5.9 one that changed is replaced, and then Compose has nothing to do', async () => {
    await scratch.write(yaml(rich('1'), '{ labels: { a: "1" } }'));
    await scratch.compose('up', '-d');
    const made = await running();
    const first = await view();
    expect(first.networks.map(({ action, diff }) => [action, diff])).toEqual([
      ['keep', []],
      ['keep', []],
    ]);
    expect(first).toMatchObject({ writes: false, warnings: [] });

    await scratch.write(yaml(rich('2'), '{ labels: { a: "2" } }'));
    const second = await view();
    expect(second.networks.find(({ name }) => name.endsWith('_back'))).toMatchObject({
      action: 'recreate',
      diff: ['labels.a: "1" -> "2"'],
    });
    expect(second.networks.find(({ name }) => name.endsWith('_default'))?.action).toBe('keep');
    expect(second.volumes[0]?.note).toContain('labels.a: "1" -> "2"');
    await scratch.up({ dialect });
    expect(await running()).toEqual(made);
    expect((await view()).writes).toBe(false);

    // The volume's label would make newer releases ask to delete it.
    await scratch.write(yaml(rich('2'), '{ labels: { a: "1" } }'));
    await scratch.compose('up', '-d');
    expect(await running()).toEqual(made);
    const db = Object.entries(await scratch.containers()).find(([name]) => name === 'db-1')?.[1].id ?? '';
    const raw = await engine.inspectContainer(db);
    const endpoint = asObject(asObject(asObject(raw?.NetworkSettings).Networks)[`${scratch.project}_back`]);
    expect(endpoint.Aliases).toEqual(expect.arrayContaining(['store', 'db', `${scratch.project}-db-1`]));
  });
});
