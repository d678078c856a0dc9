// The least that an app with the same modules of the CDK can do: load them and synthesize one empty stack.
const { readFileSync } = require('node:fs');

for (const file of JSON.parse(readFileSync(process.env.BENCH_MODULES, 'utf8'))) require(file);

const { App, Stack } = require('aws-cdk-lib');
const app = new App();
new Stack(app, 'Empty');
app.synth();
