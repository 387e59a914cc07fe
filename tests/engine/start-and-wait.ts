/** A panel that starts a stack, to be killed in the middle: `node start-and-wait.mjs DATA COMPOSE PORT`. Says "checking" once a service is. */
import { openEnvironment } from '../../src/main/config/environment.ts';
import { createOperationRunner } from '../../src/main/operations/runner.ts';
import { bundledDefinition } from '../../src/main/stack/bundled-definition.ts';
import { createLifecycle } from '../../src/main/stack/lifecycle.ts';
import { openEngine } from './scratch.ts';

const [dataDir = '', composeDir = '', port = ''] = process.argv.slice(2);
const engine = openEngine();
const environment = await openEnvironment({ dataDir, name: 'test', composeDir });
const runner = createOperationRunner({ journalDir: environment.journalDir, environment: environment.name });
const lifecycle = createLifecycle({
  monitor: { ready: async () => engine },
  definition: bundledDefinition(environment, { needed: async () => [], ensure: async (_project, need) => need.ref }),
  stack: { refresh: async () => undefined },
  runner,
});
runner.subscribe((operation) => {
  if (operation.steps.some(({ phase }) => phase === 'checking')) console.log('checking');
});
const ended = await runner.wait(await lifecycle.start({ ports: { backend: Number(port) } }));
console.log(JSON.stringify(ended));
process.exit(0);
