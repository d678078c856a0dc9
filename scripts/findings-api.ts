import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '../handlers/findings-api/openapi';

const file = join(__dirname, '..', 'docs', 'findings-api.json');
writeFileSync(file, `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
