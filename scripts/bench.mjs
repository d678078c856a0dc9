// npm run bench: the figures that are promised, each beside what it is compared with. `-- --json` for programs,
// `-- machines` for one group of them.
import { runChild } from './children.mjs';
import { command, MEASURING, setUp } from './setup.mjs';

await command(async () => {
  await setUp({ systemPackages: MEASURING });
  const env = {
    ...process.env,
    CDK_VALIDATION: 'false',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  return runChild(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...process.argv.slice(2)], { env });
});
