import { loadModel, type Model } from './model.ts';
import { createLlmServer, log } from './server.ts';
import { readSettings } from './settings.ts';

const settings = readSettings(process.env);
let model: Model | null = null;
const server = createLlmServer({ model: () => model, token: settings.token });
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    process.exit(0);
  });
}
server.listen(settings.port, '0.0.0.0');
const startedAt = performance.now();
model = await loadModel(settings);
log('loaded', { model: model.name, contextSize: model.contextSize, ms: Math.round(performance.now() - startedAt) });
