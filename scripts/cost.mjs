// npm run cost: what an environment would cost a month, before it is deployed.
import { command, setUp } from './setup.mjs';

await command(async () => {
  await setUp();
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  // Else who has no credentials waits for an instance's metadata that is not there.
  process.env.AWS_EC2_METADATA_DISABLED ??= 'true';
  await import('tsx');
  const { runCommand } = (await import('../cli/command.ts')).default;
  const { cost } = (await import('../cli/commands/cost.ts')).default;
  return runCommand(cost, process.argv.slice(2));
});
