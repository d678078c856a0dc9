import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { editorSchema } from '../app/settings/reference';
import { settingsPage } from '../app/settings/reference-page';

const project = join(__dirname, '..');
writeFileSync(join(project, 'settings.schema.json'), `${JSON.stringify(editorSchema(), undefined, 2)}\n`);
writeFileSync(join(project, 'docs', 'settings.md'), settingsPage());
