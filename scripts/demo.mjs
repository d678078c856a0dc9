// npm run demo: the real templates, through the real CDK CLI, into an emulated AWS account on this machine.
import { BOOTING, command, ROOT, setUp } from './setup.mjs';

const args = process.argv.slice(2);
/** Nothing boots for an ordinary user, whatever is installed. */
const boots = process.getuid?.() === 0 && !args.includes('--stop') && !args.includes('--help');

await command(async () => {
  process.chdir(ROOT);
  await setUp({ systemPackages: boots ? BOOTING : {} });
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  await import('tsx');
  const demo = await import('../demo/main.ts');
  return demo.default.main(args);
});
