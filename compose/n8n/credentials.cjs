// Writes the credentials that the workflows name, out of the environment's secrets, for `n8n import:credentials`.
const { readFileSync, writeFileSync } = require('node:fs');

const secret = (name) => readFileSync(`/run/secrets/${name}`, 'utf8').trim();
const bearer = (id, name, value) => ({
  id,
  name,
  type: 'httpHeaderAuth',
  data: { name: 'Authorization', value: `Bearer ${value}` },
});
const credentials = [
  bearer('quaysideIn000001', 'Quayside: from callers', secret('n8n_webhook_token')),
  bearer('quaysideOut00001', 'Quayside: to the backend', secret('n8n_backend_token')),
  {
    id: 'quaysideSign0001',
    name: 'Quayside: signature of the backend',
    type: 'crypto',
    data: { hmacSecret: secret('n8n_signing_key') },
  },
];
writeFileSync(process.argv[2], JSON.stringify(credentials), { mode: 0o600 });
