// Runs the cfn-guard plugin over templates and prints its report. A process of its own, because the plugin blocks the
// one that it runs in, for as long as all templates take.
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';

const templatePaths = process.argv.slice(2);
const report = new CfnGuardValidator({ maxBuffer: 64 * 1024 * 1024 }).validate({ templatePaths });
process.stdout.write(JSON.stringify(report.violations));
