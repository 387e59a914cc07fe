/** Which containers a plan makes, starts, replaces, keeps and takes away, and why. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actualOf, container, options, projectOf, service } from '../../../tests/unit/shop-project.ts';
import { modelLabel } from './labels.ts';
import { describeModel } from './model-diff.ts';
import { makePlan } from './plan.ts';

describe('planning', () => {
  it('creates everything on an empty engine', () => {
    const plan = makePlan(
      projectOf({ web: service({ scale: 2 }), db: service() }),
      { ...actualOf([]), networks: [] },
      options,
    );
    expect(plan.networks).toMatchObject([{ key: 'default', name: 'shop_default', action: 'create' }]);
    expect(plan.services.map(({ containers }) => containers.map(({ action, name }) => `${action} ${name}`))).toEqual([
      ['create shop-web-1', 'create shop-web-2'],
      ['create shop-db-1'],
    ]);
    expect(plan.writes).toBe(true);
  });

  it('does nothing where all is as the file says, whatever the dialect of the hash', () => {
    const plan = makePlan(
      projectOf({ web: service() }),
      actualOf([container('web', 1, { configHash: 'other-dialect' })]),
      options,
    );
    expect(plan.writes).toBe(false);
    expect(plan.services[0]?.containers[0]).toMatchObject({ action: 'keep', reason: null });
  });

  it.each([
    ['exited', 'start', 'it is stopped'],
    ['created', 'start', 'it never ran'],
    ['running', 'keep', null],
    ['restarting', 'keep', null],
  ])('a container that is %s: %s', (state, action, reason) => {
    const plan = makePlan(projectOf({ web: service() }), actualOf([container('web', 1, { state })]), options);
    expect(plan.services[0]?.containers[0]).toMatchObject({ action, reason });
  });

  it('says what changed, with secrets hidden', () => {
    const before = service({ environment: { WORKERS: '1', DB_PASSWORD: 'a', TOKEN_FILE: '/x' } });
    const after = service({ environment: { WORKERS: '2', DB_PASSWORD: 'b', TOKEN_FILE: '/y' }, user: '1000' });
    const labels = { [modelLabel]: describeModel(before) };
    const plan = makePlan(
      projectOf({ web: after }),
      actualOf([container('web', 1, { configHash: 'old', labels })]),
      options,
    );
    const planned = plan.services[0]?.containers[0];
    expect(planned).toMatchObject({ action: 'recreate', reason: 'its settings changed' });
    expect(planned?.diff).toEqual([
      'environment.TOKEN_FILE: "/x" -> "/y"',
      'environment.WORKERS: "1" -> "2"',
      'user: (not set) -> "1000"',
    ]);
  });

  it('replaces for a changed image', () => {
    const plan = makePlan(
      projectOf({ web: service() }),
      actualOf([container('web', 1, { imageId: 'sha256:old' })]),
      options,
    );
    expect(plan.services[0]?.containers[0]).toMatchObject({ action: 'recreate', reason: 'its image changed' });
  });

  it('scales down by the obsolete first, then the highest number', () => {
    const all = [
      container('web', 1),
      container('web', 2, { configHash: 'old' }),
      container('web', 3),
      container('web', 4),
    ];
    const plan = makePlan(projectOf({ web: service({ scale: 2 }) }), actualOf(all), options);
    expect(plan.removals.map(({ container: { name } }) => name).sort()).toEqual(['shop-web-2', 'shop-web-4']);
    expect(plan.services[0]?.containers.map(({ number, action }) => [number, action])).toEqual([
      [1, 'keep'],
      [3, 'keep'],
    ]);
  });

  it('scales up from the highest number', () => {
    const plan = makePlan(projectOf({ web: service({ scale: 3 }) }), actualOf([container('web', 4)]), options);
    expect(plan.services[0]?.containers.map(({ name }) => name)).toEqual(['shop-web-4', 'shop-web-5', 'shop-web-6']);
  });

  it('finishes a replacement that was cut off in the middle', () => {
    const old = container('web', 1, { configHash: 'old', createdAtMs: 1 });
    const made = container('web', 1, {
      id: 'b'.repeat(64),
      name: `${old.id.slice(0, 12)}_shop-web-1`,
      state: 'created',
      createdAtMs: 2,
    });
    const plan = makePlan(projectOf({ web: service() }), actualOf([old, made]), options);
    expect(plan.removals).toEqual([{ container: old, reason: 'another one took its place' }]);
    expect(plan.services[0]?.containers[0]).toMatchObject({
      action: 'start',
      name: 'shop-web-1',
      existing: { id: made.id },
    });
  });

  it('replaces who shares a namespace with what is replaced, and restarts who asked for it', () => {
    const project = projectOf({
      side: service({ network_mode: 'service:web' }),
      web: service(),
      watcher: service({ depends_on: { web: { condition: 'service_started', required: true, restart: true } } }),
    });
    const all = [container('side'), container('web', 1, { imageId: 'sha256:old' }), container('watcher')];
    const plan = makePlan(project, actualOf(all), options);
    expect(plan.services.map(({ name, containers }) => [name, containers[0]?.action])).toEqual([
      ['side', 'recreate'],
      ['web', 'recreate'],
      ['watcher', 'restart'],
    ]);
  });

  it('leaves orphans alone unless told', () => {
    const all = [container('web'), container('gone')];
    const project = projectOf({ web: service() });
    expect(makePlan(project, actualOf(all), options)).toMatchObject({ writes: false, orphans: [{ service: 'gone' }] });
    expect(makePlan(project, actualOf(all), { ...options, removeOrphans: true }).removals).toHaveLength(1);
  });

  it('plans only what is asked for and what that depends on', () => {
    const project = projectOf({
      web: service({ depends_on: { db: { condition: 'service_healthy', required: true } } }),
      db: service(),
      other: service(),
    });
    const plan = makePlan(project, actualOf([]), { ...options, services: ['web'] });
    expect(plan.services.map(({ name }) => name)).toEqual(['web', 'db']);
    expect(() => makePlan(project, actualOf([]), { ...options, services: ['nope'] })).toThrow(
      'There is no service named nope',
    );
  });

  it('refuses a cycle before anything is done', () => {
    const needs = (name: string) =>
      service({ depends_on: { [name]: { condition: 'service_started', required: true } } });
    expect(() => makePlan(projectOf({ a: needs('b'), b: needs('a') }), actualOf([]), options)).toThrow(
      'Services wait for each other',
    );
  });

  it('always converges: what a plan makes, the next plan keeps', () => {
    const some = fc.array(
      fc.record({
        number: fc.integer({ min: 1, max: 6 }),
        configHash: fc.constantFrom('current', 'old'),
        state: fc.constantFrom('running', 'exited', 'created'),
        imageId: fc.constantFrom('sha256:tiny', 'sha256:old'),
        createdAtMs: fc.nat(1000),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 5 }), (found, scale) => {
        const project = projectOf({ web: service({ scale }) });
        const before = found.map((one, index) =>
          container('web', one.number, { ...one, id: String(index).padStart(64, '0') }),
        );
        const plan = makePlan(project, actualOf(before), options);
        const planned = plan.services[0]?.containers ?? [];
        expect(planned).toHaveLength(scale);
        expect(new Set(planned.map(({ name }) => name)).size).toBe(scale);
        const touched = [
          ...planned.flatMap(({ existing }) => existing ?? []),
          ...plan.removals.map((r) => r.container),
        ];
        expect(new Set(touched.map(({ id }) => id)).size).toBe(before.length);
        const after = planned.map(({ number, name }) => container('web', number, { name }));
        expect(makePlan(project, actualOf(after), options).writes).toBe(false);
      }),
    );
  });

  it('tells a paused container to run on', () => {
    const plan = makePlan(projectOf({ web: service() }), actualOf([container('web', 1, { state: 'paused' })]), options);
    expect(plan.services[0]?.containers[0]).toMatchObject({ action: 'unpause', reason: 'it is paused' });
    expect(plan.writes).toBe(true);
  });

  it('does not take what runs of a service that no profile switches on for an orphan', () => {
    const project = projectOf({ web: service() }, { disabledServices: { debug: service({ profiles: ['debug'] }) } });
    expect(makePlan(project, actualOf([container('web'), container('debug')]), options).orphans).toEqual([]);
  });

  it('keeps a container that shares with the first of several, however the engine lists them', () => {
    const project = projectOf({ side: service({ network_mode: 'service:web' }), web: service({ scale: 2 }) });
    const seen: (string | undefined)[] = [];
    const hashes = (name: string, ids: ReadonlyMap<string, string>) => {
      if (name === 'side') seen.push(ids.get('web'));
      return ['current'];
    };
    const all = [container('web', 2), container('web', 1), container('side')];
    expect(makePlan(project, actualOf(all), { hashes }).writes).toBe(false);
    expect(seen).toEqual([container('web', 1).id]);
  });

  it('goes on with what an earlier start left waiting for the services asked for, and with nothing else', () => {
    const needs = (name: string) =>
      service({ depends_on: { [name]: { condition: 'service_healthy', required: true } } });
    const project = projectOf({
      db: service(),
      api: needs('db'),
      web: needs('api'),
      stopped: needs('db'),
      absent: needs('db'),
    });
    const found = actualOf([
      container('db'),
      container('api', 1, { state: 'created' }),
      container('web', 1, { state: 'created' }),
      container('stopped', 1, { state: 'exited' }),
    ]);
    const names = (more: object) =>
      makePlan(project, found, { ...options, services: ['db'], ...more }).services.map(({ name }) => name);
    expect(names({})).toEqual(['db']);
    expect(names({ resumeWaiting: true })).toEqual(['db', 'api', 'web']);
  });
});
