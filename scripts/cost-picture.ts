import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentTable } from '../cli/cost/bottom-line';
import { picture } from '../cli/cost/picture';

const file = join(__dirname, '..', 'docs', 'images', 'cost.svg');
writeFileSync(file, picture(environmentTable(['environment=dev'])));
