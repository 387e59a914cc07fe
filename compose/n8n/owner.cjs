// Prints the bcrypt hash of the owner's password, with the library that n8n itself checks it with.
const { readFileSync, realpathSync } = require('node:fs');
const { execFileSync } = require('node:child_process');
const { createRequire } = require('node:module');

const program = realpathSync(execFileSync('sh', ['-c', 'command -v n8n'], { encoding: 'utf8' }).trim());
const { hashSync } = createRequire(program)('bcryptjs');
process.stdout.write(hashSync(readFileSync('/run/secrets/n8n_owner_password', 'utf8').trim(), 10));
