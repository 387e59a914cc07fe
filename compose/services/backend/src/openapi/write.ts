/** Writes openapi.json beside package.json: `npm run openapi`. */
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { controllers } from '../app.module.ts';
import { openApiDocument } from './document.ts';

writeFileSync(
  new URL('../../openapi.json', import.meta.url),
  `${JSON.stringify(openApiDocument(controllers), null, 2)}\n`,
);
