// Writes which files a program had loaded when it ends: node --require ./bench/loaded-modules.cjs program
const { writeFileSync } = require('node:fs');

process.on('exit', () => writeFileSync(process.env.BENCH_MODULES, JSON.stringify(Object.keys(require.cache))));
