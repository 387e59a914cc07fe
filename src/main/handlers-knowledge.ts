/** The contract's entries about knowledge bases and what belongs to them. */

import { readSecret } from './config/secrets.ts';
import type { Core } from './core.ts';
import { defined } from './defined.ts';
import type { DesktopPort } from './desktop-port.ts';
import type { Handlers } from './dispatch.ts';
import { readEvalSet } from './knowledge/eval-set-file.ts';

type Area =
  | 'users'
  | 'keys'
  | 'kb'
  | 'sources'
  | 'search'
  | 'eval'
  | 'embedding'
  | 'workflows'
  | 'providers'
  | 'config';
type KnowledgeHandlers = Pick<Handlers, Extract<keyof Handlers, `${Area}.${string}`>>;

/** Who n8n knows as its owner (compose/n8n.yaml). */
const editorUser = 'owner@quayside.local';

export function knowledgeHandlers(core: Core, desktop: DesktopPort): KnowledgeHandlers {
  const nothing = {};
  const { bases, members, sources, evaluation, embedding, workflows, providers, config, accounts } = core.knowledge;
  return {
    'kb.watch': (_input, sink) => bases.watch((kbs) => sink.item({ kbs })),
    'kb.create': (kb) => bases.create(defined(kb)),
    'kb.change': ({ id, ...change }) => bases.change(id, defined(change)),
    'kb.delete': async ({ id }) => {
      await bases.remove(id);
      return nothing;
    },
    'kb.members': async ({ kb }) => ({ members: await members.list(kb) }),
    'kb.share': async ({ kb, userId, access }) => ({ members: await members.share(kb, userId, access) }),
    'kb.unshare': async ({ kb, userId }) => ({ members: await members.unshare(kb, userId) }),

    'sources.watch': ({ kb }, sink) => sources.watch(kb, (list) => sink.item({ sources: list })),
    'sources.pickFolder': async () => {
      const path = await desktop.pickFolder();
      return { files: path === null ? [] : await desktop.files.offer([path]) };
    },
    'sources.addFolder': async ({ kb, token, everySeconds }) => {
      const [folder] = desktop.files.resolve([token]);
      return { operationId: await core.folderSources.add({ kb, path: folder?.path ?? '', everySeconds }) };
    },
    'sources.addPage': (page) => sources.addPage(page),
    'sources.change': ({ id, ...change }) => sources.change(id, defined(change)),
    'sources.sync': async ({ id, allowLarge }) => {
      await sources.sync(id, allowLarge ?? false);
      return nothing;
    },
    'sources.remove': async ({ id, documents }) => {
      await core.folderSources.remove(id, documents);
      return nothing;
    },
    'sources.items': async ({ id }) => ({ items: await sources.items(id) }),

    'search.run': (request) => core.knowledge.search(request),

    'eval.sets': async () => ({ sets: await evaluation.sets() }),
    'eval.set': ({ id }) => evaluation.set(id),
    'eval.saveSet': (set) => evaluation.save(set),
    'eval.deleteSet': async ({ id }) => {
      await evaluation.remove(id);
      return nothing;
    },
    'eval.addSamples': async () => evaluation.saveByName(await readEvalSet(core.sampleQuestions)),
    'eval.importSet': async () => {
      const path = await desktop.pickQuestions();
      return { set: path === null ? null : await evaluation.saveByName(await readEvalSet(path)) };
    },
    'eval.run': (request) => evaluation.run(request),
    'eval.runs': async () => ({ runs: await evaluation.runs() }),
    'eval.result': ({ id }) => evaluation.result(id),

    'embedding.watch': (_input, sink) => embedding.watch((state) => sink.item(state)),
    'embedding.change': ({ model }) => embedding.change(model),
    'embedding.cancel': () => embedding.cancel(),
    'embedding.undo': () => embedding.undo(),

    'workflows.watch': (_input, sink) => workflows.watch((state) => sink.item(state)),
    'workflows.run': async ({ key }) => {
      await workflows.run(key);
      return nothing;
    },
    'workflows.openEditor': async () => {
      await desktop.openLink(core.editorUrl());
      return nothing;
    },
    'workflows.copyPassword': async () => {
      desktop.copy(await readSecret(core.environment, 'n8n_owner_password'));
      return { user: editorUser };
    },

    'providers.get': () => providers.get(),
    'providers.configure': (change) => providers.configure(change),
    'providers.use': ({ name }) => providers.use(name),
    'providers.test': (change) => providers.test(change),
    'providers.models': async ({ name }) => ({ models: await providers.models(name) }),
    'providers.pull': async ({ model }) => ({ operationId: await providers.pull(model) }),

    'users.list': async () => ({ users: await accounts.users() }),
    'users.create': (user) => accounts.createUser(user),
    'users.change': (change) => accounts.changeUser(change),
    'users.remove': async ({ id }) => {
      await accounts.removeUser(id);
      return nothing;
    },
    'keys.list': async () => ({ keys: await accounts.keys() }),
    'keys.create': (key) => accounts.createKey(key),
    'keys.revoke': async ({ id }) => {
      await accounts.revokeKey(id);
      return nothing;
    },

    'config.get': () => config.get(),
    'config.change': ({ changes, revision }) => config.change(changes, revision),
    'config.history': async () => ({ changes: await config.history() }),
  };
}
