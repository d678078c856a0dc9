// npm run findings: the page of findings, in a browser of this computer.
import { command, setUp } from './setup.mjs';

await command(async () => {
  await setUp();
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  await import('tsx');
  const { runCommand } = (await import('../cli/command.ts')).default;
  const { findingsCommand } = (await import('../cli/commands/findings.ts')).default;
  return runCommand(findingsCommand(), process.argv.slice(2));
});
