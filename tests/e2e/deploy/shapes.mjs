// shapes.mjs - what Azure's API (2024-03-01) takes for Container Apps, as JSON, out of Azure's own client.
//
//	node shapes.mjs FOLDER-OF-THE-CLIENT
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const models = join(process.argv[2], 'node_modules/@azure/arm-appcontainers/dist-esm/src/models');
copyFileSync(join(models, 'mappers.js'), join(models, 'mappers.mjs')); // ECMAScript modules under a CommonJS name
const mappers = await import(pathToFileURL(join(models, 'mappers.mjs')));
console.log(JSON.stringify(mappers));
